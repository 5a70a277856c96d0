import {
  ContractError,
  CONTRACT_MISMATCH,
  isFailureCode,
  PRIORITY_DEFAULT,
  ServiceError,
  type BodyInput,
  type Logger,
} from '@majordomo/protocol';
import type { ServedContext, ServedRequest } from './served';
import type { ContractShape } from './types';
import { CONTENT_TYPES } from './wire/encoding';
import { failureFrames, failureText, type Failure } from './wire/failure';
import { Message } from './wire/message';

/** What a handler threw, apart from what does not fit the contract. */
export class Thrown {
  constructor(readonly error: unknown) {}
}

/**
 * Tells a client how its request failed. Whoever is known to speak the packed dialect is told by a FAILURE, as by any
 * worker. All others get a reply whose last two frames say it.
 */
export class Teller {
  constructor(
    private readonly contract: Pick<ContractShape, 'name' | 'errors'>,
    private readonly logger: Logger,
  ) {}

  /**
   * The reply that tells of an error.
   * @throws ServiceError to be told as a FAILURE, and what is not to be told as it is
   */
  async tell(error: unknown, request: ServedRequest, context: ServedContext): Promise<BodyInput> {
    const cause = error instanceof Thrown ? error.error : error;
    let failure: Failure | undefined;
    try {
      failure = error instanceof Thrown ? await this.#thrown(cause) : mismatch(error);
    } catch (unfit) {
      failure = mismatch(unfit);
    }
    if (!failure) throw cause;
    const { code, retryable } = failure;
    const undeclared = code !== CONTRACT_MISMATCH && !Object.hasOwn(this.contract.errors, code);
    this.#log(failure, cause);
    if (knowsFailure(request, context)) {
      if (undeclared) throw cause;
      const text = failureText(failure);
      if (text !== undefined) throw new ServiceError(code, text, { retryable, cause });
    }
    context.replyContentType = CONTENT_TYPES.json;
    return failureFrames(failure);
  }

  /** A ServiceError, of this or another copy of its class. Rejects with a ContractError where its details do not fit. */
  async #thrown(error: unknown): Promise<Failure | undefined> {
    if (typeof error !== 'object' || error === null) return undefined;
    const { name, code, message, retryable, details } = error as Partial<Record<string, unknown>>;
    if (name !== 'ServiceError' || typeof code !== 'string' || !isFailureCode(code)) return undefined;
    const { errors, name: service } = this.contract;
    const schema = Object.hasOwn(errors, code) ? errors[code] : undefined;
    if (schema) await new Message({ service, side: 'worker', part: 'error' }, schema).write(details, 'json');
    return {
      code,
      message: String(message),
      retryable: retryable === true,
      details: schema ? details : undefined,
    };
  }

  /** What the worker got wrong is worth a line of its own; the rest its clients know. */
  #log({ code, message }: Failure, err: unknown): void {
    const fields = { event: 'requestFailed', service: this.contract.name, code, err };
    const own = err instanceof ContractError && err.part !== 'request';
    this.logger[own || code === CONTRACT_MISMATCH ? 'warn' : 'info'](fields, `a request failed: ${message}`);
  }
}

/**
 * True for a request that says what plain dialects have no word for: it came packed all the way, and its answer goes so.
 * Of a packed client that says none of it, as of a plain one, it is not known whether a FAILURE would reach it.
 */
function knowsFailure(request: ServedRequest, { remainingMs }: ServedContext): boolean {
  const { contentType, traceparent, priority } = request;
  return (
    contentType !== undefined ||
    traceparent !== undefined ||
    priority !== PRIORITY_DEFAULT ||
    remainingMs !== Infinity
  );
}

/** The failure in a ContractError, with as many of its issues as a FAILURE has room for. */
function mismatch(error: unknown): Failure | undefined {
  if (!(error instanceof ContractError)) return undefined;
  const { message, part } = error;
  let failure: Failure;
  let count = error.issues.length;
  do {
    const details = { part, issues: error.issues.slice(0, count) };
    failure = { code: CONTRACT_MISMATCH, message, retryable: false, details };
  } while (failureText(failure) === undefined && count-- > 1);
  return failure;
}
