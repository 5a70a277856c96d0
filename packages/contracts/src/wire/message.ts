import { ContractError, type Body, type ContractFault, type Frame } from '@majordomo/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { check } from './check';
import { encodingOf, readValue, writeValue, type Encoding } from './encoding';
import { Unfit } from './unfit';

/** A value that was read, and how it had been written. */
export interface Read<Value> {
  readonly value: Value;
  readonly encoding: Encoding;
}

/** One kind of message of a contract, as one side sees it: writes and reads it, and says what does not fit. */
export class Message<Schema extends StandardSchemaV1> {
  constructor(
    readonly about: Omit<ContractFault, 'issues'>,
    readonly schema: Schema,
  ) {}

  /**
   * What the schema takes, as it is: what the schema would make of it, the other side's makes.
   * Rejects with a ContractError where it does not fit.
   */
  async write(value: unknown, encoding: Encoding): Promise<string | Frame> {
    try {
      await check(this.schema, value);
      return writeValue(value, encoding);
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** What the schema makes of a frame. Rejects with a ContractError where it does not fit. */
  async read(
    frame: Frame,
    contentType: string | undefined,
  ): Promise<Read<StandardSchemaV1.InferOutput<Schema>>> {
    try {
      const encoding = encodingOf(frame, contentType);
      return { value: await check(this.schema, readValue(frame, encoding)), encoding };
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** The same of a body that has to be one frame. */
  async readBody(
    body: Body,
    contentType: string | undefined,
  ): Promise<Read<StandardSchemaV1.InferOutput<Schema>>> {
    if (body.length === 1) return this.read(body.bytes(), contentType);
    throw refusal(this.about, Unfit.because(`it should be one frame, got ${body.length}`));
  }

  #refusal(error: unknown): unknown {
    return error instanceof Unfit ? refusal(this.about, error) : error;
  }
}

/** The error for what does not fit; its cause is that of the misfit, or another where it has none. */
export function refusal(
  about: Omit<ContractFault, 'issues'>,
  { issues, cause }: Unfit,
  otherCause?: unknown,
): ContractError {
  return new ContractError({ ...about, issues }, { cause: cause ?? otherCause });
}
