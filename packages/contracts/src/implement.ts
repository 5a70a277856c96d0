import { SILENT, type BodyInput, type Logger } from '@majordomo/protocol';
import type { Contract } from './contract';
import {
  Context,
  type ContractHandler,
  type ServedContext,
  type ServedHandler,
  type ServedRequest,
} from './served';
import { Teller, Thrown } from './tell';
import type { AnySchema, ErrorSchemas, Given, Got, NoProgress } from './types';
import { CONTENT_TYPES, type Encoding } from './wire/encoding';
import { Message, type Read } from './wire/message';

/** What can be said of an implementation. */
export interface ImplementOptions {
  /** Where to log requests that fail as the contract has it or do not fit it; pino fits. Default: nowhere. */
  readonly logger?: Logger;
}

/**
 * The handler of a contract for a worker: `new Worker(order.name, implement(order, handler), options)`. It reads and
 * checks requests, checks and writes replies and progress in the encoding that the request came in, and tells clients
 * of errors that the contract declares, and of what does not fit it, in whatever dialect they speak. Anything else that
 * the handler throws is thrown on, for the worker to deal with.
 */
export function implement<
  Request extends AnySchema,
  Reply extends AnySchema,
  Progress extends AnySchema = NoProgress,
  Errors extends ErrorSchemas = ErrorSchemas,
>(
  contract: Contract<Request, Reply, Progress, Errors>,
  handler: ContractHandler<Request, Reply, Progress>,
  { logger = SILENT }: ImplementOptions = {},
): ServedHandler {
  const service = new Implementation(contract, handler, new Teller(contract, logger));
  return service.tellsProgress
    ? (request, context) => service.stream(request, context)
    : (request, context) => service.once(request, context);
}

type Step<Progress extends AnySchema, Reply extends AnySchema> = IteratorResult<
  Given<Progress>,
  Given<Reply>
>;

class Implementation<Request extends AnySchema, Reply extends AnySchema, Progress extends AnySchema> {
  readonly #handler: ContractHandler<Request, Reply, Progress>;
  readonly #teller: Teller;
  readonly #request: Message<Request>;
  readonly #reply: Message<Reply>;
  readonly #progress: Message<Progress> | undefined;

  constructor(
    contract: Contract<Request, Reply, Progress, ErrorSchemas>,
    handler: ContractHandler<Request, Reply, Progress>,
    teller: Teller,
  ) {
    const about = { service: contract.name, side: 'worker' } as const;
    this.#handler = handler;
    this.#teller = teller;
    this.#request = new Message({ ...about, part: 'request' }, contract.request);
    this.#reply = new Message({ ...about, part: 'reply' }, contract.reply);
    this.#progress = contract.progress && new Message({ ...about, part: 'progress' }, contract.progress);
  }

  get tellsProgress(): boolean {
    return this.#progress !== undefined;
  }

  /** Serves a request with one reply. */
  async once(request: ServedRequest, context: ServedContext): Promise<BodyInput> {
    try {
      const { value, encoding } = await this.#read(request, context);
      const result = await this.#handle(() => this.#handler(value, new Context(request, context)));
      return await this.#reply.write(result, encoding);
    } catch (error) {
      return this.#teller.tell(error, request, context);
    }
  }

  /** Serves a request with progress and one reply. Where the worker wants no more, the handler's generator ends. */
  async *stream(request: ServedRequest, context: ServedContext): AsyncGenerator<BodyInput, BodyInput> {
    try {
      const { value, encoding } = await this.#read(request, context);
      const result = await this.#handle(() => this.#handler(value, new Context(request, context)));
      if (!isAsyncGenerator(result)) return await this.#reply.write(result, encoding);
      return yield* this.#pour(result, encoding);
    } catch (error) {
      return this.#teller.tell(error, request, context);
    }
  }

  async *#pour(
    values: AsyncGenerator<Given<Progress>, Given<Reply>, undefined>,
    encoding: Encoding,
  ): AsyncGenerator<BodyInput, BodyInput> {
    let done = false;
    try {
      for (;;) {
        const step: Step<Progress, Reply> = await this.#handle(() => values.next());
        if (step.done) {
          done = true;
          return await this.#reply.write(step.value, encoding);
        }
        yield await this.#progress!.write(step.value, encoding);
      }
    } finally {
      if (!done) await values.return(undefined);
    }
  }

  /** What is asked, and the encoding that answers go in. */
  async #read({ body, contentType }: ServedRequest, context: ServedContext): Promise<Read<Got<Request>>> {
    const read = await this.#request.readBody(body, contentType);
    context.replyContentType = CONTENT_TYPES[read.encoding];
    return read;
  }

  /** @throws Thrown with what the handler throws */
  async #handle<Result>(run: () => Result): Promise<Awaited<Result>> {
    try {
      return await run();
    } catch (error) {
      throw new Thrown(error);
    }
  }
}

function isAsyncGenerator(value: unknown): value is AsyncGenerator {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof (value as Partial<AsyncGenerator>).next === 'function'
  );
}
