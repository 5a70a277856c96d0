import {
  isMajordomoError,
  type Body,
  type BodyInput,
  type CallableContract,
  type ContractPart,
  type DecodedReply,
  type Frame,
  type ServiceErrorOptions,
} from '@majordomo/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { DeclaredError, type CallError } from './errors';
import { explained, toldInReply } from './explain';
import type {
  AnySchema,
  CallErrorOf,
  CodeOf,
  ContractShape,
  ErrorSchemas,
  Given,
  Got,
  JsonSchema,
  NoErrors,
  NoProgress,
} from './types';
import { CONTENT_TYPES, type Encoding } from './wire/encoding';
import { endsInFailure } from './wire/failure';
import { Message } from './wire/message';

/** Marks contracts across copies of this package. */
const BRAND = Symbol.for('majordomo.contract');

/** What a contract is made of. */
export interface ServiceDefinition<
  Request extends AnySchema,
  Reply extends AnySchema,
  Progress extends AnySchema,
  Errors extends ErrorSchemas,
> {
  /** The service: 1 to 255 bytes of printable UTF-8. */
  readonly name: string;
  readonly request: Request;
  readonly reply: Reply;
  /** What the service tells before its reply, each in a PARTIAL. Default: nothing. */
  readonly progress?: Progress;
  /** The ways in which it may fail, by code (capitals, digits and `_`), each with the schema of its details. */
  readonly errors?: Errors;
  /**
   * How requests are written, and with that their replies: `json`, the default, which everybody reads, or `msgpack`, which
   * is smaller, and has bytes, dates and integers of 64 bits.
   */
  readonly encoding?: Encoding;
  /**
   * Says in JSON Schema what a schema takes (its input), for schemas that cannot say so themselves, as those of valibot.
   * Only snapshots and comparisons ask for it.
   */
  readonly toJsonSchema?: (schema: StandardSchemaV1) => JsonSchema;
}

/** True for a contract, whichever copy of this package made it. */
export function isContract(value: unknown): value is ContractShape {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** A service as both of its sides see it; `defineService` makes it. */
export class Contract<
  Request extends AnySchema,
  Reply extends AnySchema,
  Progress extends AnySchema = NoProgress,
  Errors extends ErrorSchemas = NoErrors,
>
  implements CallableContract<Given<Request>, Got<Reply>, Got<Progress>>, ContractShape
{
  readonly [BRAND] = true;
  readonly name: string;
  readonly request: Request;
  readonly reply: Reply;
  readonly progress: Progress | undefined;
  readonly errors: Errors;
  readonly encoding: Encoding;
  readonly contentType: string;
  readonly toJsonSchema: ((schema: StandardSchemaV1) => JsonSchema) | undefined;

  constructor(definition: ServiceDefinition<Request, Reply, Progress, Errors>) {
    const { name, request, reply, progress, errors, encoding = 'json', toJsonSchema } = definition;
    this.name = name;
    this.request = request;
    this.reply = reply;
    this.progress = progress;
    // Without a prototype: a code such as `CONSTRUCTOR` is looked up here.
    this.errors = Object.freeze(Object.assign(Object.create(null), errors)) as Errors;
    this.encoding = encoding;
    this.contentType = CONTENT_TYPES[encoding];
    this.toJsonSchema = toJsonSchema;
    Object.freeze(this);
  }

  /**
   * An error for the handler to throw: `throw order.error('OUT_OF_STOCK', { left: 0 })`.
   * @param details - what the schema of the code takes
   * @param message - for people; the code where there is none
   */
  error<Code extends CodeOf<Errors>>(
    code: Code,
    details: Given<Errors[Code]>,
    message: string = code,
    options: ServiceErrorOptions = {},
  ): DeclaredError<Code, Given<Errors[Code]>> {
    return new DeclaredError(code, details, message, options);
  }

  /** True for what a call of this contract rejects with where the service failed as declared; or with that code only. */
  isError<Code extends CodeOf<Errors> = CodeOf<Errors>>(
    error: unknown,
    code?: Code,
  ): error is CallErrorOf<Errors, Code> {
    if (!isMajordomoError(error, 'WORKER_FAILED') || error.name !== 'CallError') return false;
    const { service, workerCode } = error as CallError;
    if (service !== this.name || !Object.hasOwn(this.errors, workerCode)) return false;
    return code === undefined || workerCode === code;
  }

  encodeRequest(input: Given<Request>): Promise<BodyInput> {
    return this.#message('request', this.request).write(input, this.encoding);
  }

  async decodeReply(
    body: Body,
    contentType: string | undefined,
  ): Promise<DecodedReply<Got<Reply>, Got<Progress>>> {
    const { frames } = body;
    const last = frames.at(-1)!;
    if (endsInFailure(body)) throw await toldInReply(this, last);
    const progress = await this.#progressIn(frames.slice(0, -1), contentType);
    const { value } = await this.#message('reply', this.reply).read(last, contentType);
    return { progress, reply: value };
  }

  decodeProgress(body: Body, contentType: string | undefined): Promise<readonly Got<Progress>[]> {
    return this.#progressIn(body.frames, contentType);
  }

  explain(error: unknown): Promise<unknown> {
    return explained(this, error);
  }

  /** What comes before a reply is left out where the contract knows of no progress: one that is older may not. */
  async #progressIn(
    frames: readonly Frame[],
    contentType: string | undefined,
  ): Promise<readonly Got<Progress>[]> {
    if (!this.progress) return [];
    const message = this.#message('progress', this.progress);
    const values: Got<Progress>[] = [];
    for (const frame of frames) values.push((await message.read(frame, contentType)).value);
    return values;
  }

  #message<Schema extends AnySchema>(part: ContractPart, schema: Schema): Message<Schema> {
    return new Message({ service: this.name, side: 'client', part }, schema);
  }
}
