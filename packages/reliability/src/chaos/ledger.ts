import { z } from 'zod';

/**
 * What clients and workers write down, one JSON object a line. Names of requests and runs begin with the process that
 * made them: `client-2.1/37` is the 37th request of the first life of client-2.
 */

const name = z.string().min(1);

/**
 * What a request wants.
 * - `work`: one reply after a while.
 * - `deadline`: the same, with hardly the time for it.
 * - `cancel`: the same, withdrawn before or after its reply.
 * - `stream`: PARTIALs, read as they come.
 * - `gather`: PARTIALs, taken as one reply.
 * - `leave`: PARTIALs, and the reader leaves before the last.
 * - `fail`: an error of the service's own.
 */
const callKindSchema = z.enum(['work', 'deadline', 'cancel', 'stream', 'gather', 'leave', 'fail']);

/** One frame of a reply, as the worker wrote it: whose it is, which run of the handler wrote it, and where it stands. */
export const replyFrameSchema = z.strictObject({
  /** The request that the worker was answering. */
  of: name,
  run: name,
  /** 0 for the first frame of a run, and so on. */
  seq: z.number().int().min(0),
  last: z.boolean(),
});

const frames = z.array(replyFrameSchema);
const elapsedMs = z.number().min(0);

/** A line of a client's ledger. */
export const clientLineSchema = z.discriminatedUnion('kind', [
  /** Written before the request is made. */
  z.strictObject({
    kind: z.literal('issued'),
    id: name,
    call: callKindSchema,
    idempotent: z.boolean(),
    /** True where it has time and retries for everything that may happen: it must be answered. */
    must: z.boolean(),
    /** How long it may take; of a stream, how long each next message may take, in ms. */
    timeoutMs: z.number().int().min(1),
  }),
  z.strictObject({
    kind: z.literal('answered'),
    id: name,
    frames,
    /** True where the payload came back as it was sent. */
    intact: z.boolean(),
    elapsedMs,
  }),
  z.strictObject({
    kind: z.literal('failed'),
    id: name,
    /** The stable code of a typed error; null for anything else. */
    code: name.nullable(),
    message: z.string(),
    /** What had come before. */
    frames,
    elapsedMs,
  }),
  /** The reader left a stream. */
  z.strictObject({ kind: z.literal('left'), id: name, frames, elapsedMs }),
]);

/** A line of a worker's ledger. */
export const workerLineSchema = z.discriminatedUnion('kind', [
  /** Written before the handler does anything. */
  z.strictObject({
    kind: z.literal('run'),
    id: name,
    run: name,
    /** The endpoint of the broker that it came from. */
    broker: name,
    /** How many workers have been given it, this one included; 0 where a plain broker does not say. */
    attempt: z.number().int().min(0),
  }),
  /** Written before the last of its reply is handed over. */
  z.strictObject({ kind: z.literal('done'), run: name }),
]);

export type CallKind = z.infer<typeof callKindSchema>;
export type ReplyFrame = z.infer<typeof replyFrameSchema>;
export type ClientLine = z.infer<typeof clientLineSchema>;
export type WorkerLine = z.infer<typeof workerLineSchema>;
export type IssuedLine = Extract<ClientLine, { kind: 'issued' }>;
export type OutcomeLine = Exclude<ClientLine, { kind: 'issued' }>;
export type RunLine = Extract<WorkerLine, { kind: 'run' }>;

/** Everything that is known of a run once it is over. */
export interface Ledgers {
  readonly clients: readonly ClientLine[];
  readonly workers: readonly WorkerLine[];
  /** Lives of processes that were ended by SIGKILL, such as `client-2.1`: what they had begun has no end. */
  readonly killed: ReadonlySet<string>;
}

/** The life that made a request or a run. */
export function lifeOf(made: string): string {
  return made.slice(0, made.lastIndexOf('/'));
}

/**
 * The lines of a ledger. What follows the last line break was being written when its process was killed, and nothing
 * came of it.
 * @throws ZodError, SyntaxError for any other line that is no line
 */
export function readLines<Line>(schema: z.ZodType<Line>, text: string): Line[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => schema.parse(JSON.parse(line)));
}
