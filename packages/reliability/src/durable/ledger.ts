import { z } from 'zod';

/**
 * What the processes of a run write down, one JSON object a line, and what the store holds at the end. A token names one
 * entry of a submitter, such as `submitter-2.1/37`, and is in the body of its request and of its reply. Times are in ms
 * since 1970, of the clock that all processes of a machine share.
 */

const name = z.string().min(1);
const at = z.number().min(0);

/** A request as its submitter wants it. */
const entrySchema = z.strictObject({
  token: name,
  /** The UUID that the submitter gave it; null where titanic is to make one (RFC 9). */
  id: name.nullable(),
  /** What the worker makes of it: a reply; a reply, but often a failure before it; a failure that is final. */
  want: z.enum(['work', 'flaky', 'doomed']),
  /** When it is due; null for at once. */
  dueAt: at.nullable(),
  ttlMs: z.number().int().min(1).nullable(),
  /** Its idempotency key. */
  key: name.nullable(),
  priority: z.number().int().min(0).max(9),
  /** Bytes of its payload. */
  bytes: z.number().int().min(0),
});

/** A reply, as it was read. */
const replySchema = z.strictObject({
  /** The entry that the worker was answering. */
  token: z.string(),
  /** The run of a worker's handler that wrote it. */
  run: z.string(),
  /** True where the payload is what was sent. */
  intact: z.boolean(),
});

const STATES = ['waiting', 'running', 'done', 'dead', 'expired', 'cancelled'] as const;
const stateSchema = z.enum(STATES);
const change = z.enum(['cancel', 'move', 'close']);

/** A line of a submitter's ledger. */
export const submitterLineSchema = z.discriminatedUnion('kind', [
  /** Written before they are submitted, together, all or none. */
  z.strictObject({ kind: z.literal('submitting'), batch: name, entries: z.array(entrySchema).min(1), at }),
  /** Answered 200, with these UUIDs. */
  z.strictObject({ kind: z.literal('stored'), batch: name, ids: z.array(name), at }),
  /** No such answer came: nobody knows whether they are stored. */
  z.strictObject({ kind: z.literal('unanswered'), batch: name, code: name, at }),
  /** Written before the entry is cancelled, moved to another time, or closed. */
  z.strictObject({ kind: z.literal('changing'), token: name, change, dueAt: at.nullable(), at }),
  /** That was answered; with a code, it was refused, or done by an earlier try whose answer was lost. */
  z.strictObject({ kind: z.literal('changed'), token: name, change, code: name.nullable(), at }),
  /** What was read of it, once it had ended. */
  z.strictObject({
    kind: z.literal('read'),
    token: name,
    state: stateSchema,
    reply: replySchema.nullable(),
    at,
  }),
]);

/** A line of a worker's ledger. */
export const workerLineSchema = z.discriminatedUnion('kind', [
  /** Written before the handler does anything. */
  z.strictObject({
    kind: z.literal('run'),
    token: name,
    run: name,
    at,
    /** How many workers the broker has given it, this one included; 0 where it does not say. */
    attempt: z.number().int().min(0),
  }),
  /** Written before the reply is handed over. */
  z.strictObject({ kind: z.literal('done'), run: name, at }),
  /** Written before the failure is handed over. */
  z.strictObject({ kind: z.literal('failed'), run: name, at }),
]);

const victimSchema = z.enum(['titanic', 'worker', 'broker', 'postgres']);

/** A line of the ledger of kills. */
export const killLineSchema = z.strictObject({
  victim: victimSchema,
  /** The process, such as `titanic-1.3`. */
  life: name,
  /** Where in its work it was; `any` where nobody chose. */
  step: name,
  /** When the kill was decided; it came at that time or later. */
  from: at,
  /** When it was over: the process was gone by then. */
  at,
});

/** A row of the store, at the end. */
export const rowSchema = z.strictObject({
  id: name,
  /** Of the entry in its body; null for a body that is not ours. */
  token: name.nullable(),
  state: stateSchema,
  /** Goes up with every row that is added. */
  seq: z.number().int(),
  priority: z.number().int(),
  dueAt: at,
  expiresAt: at.nullable(),
  /** Claims that count. */
  attempts: z.number().int(),
  reply: replySchema.nullable(),
});

export type Entry = z.infer<typeof entrySchema>;
export type Reply = z.infer<typeof replySchema>;
export type SubmitterLine = z.infer<typeof submitterLineSchema>;
export type WorkerLine = z.infer<typeof workerLineSchema>;
export type KillLine = z.infer<typeof killLineSchema>;
export type Victim = z.infer<typeof victimSchema>;
export type Row = z.infer<typeof rowSchema>;
export type State = z.infer<typeof stateSchema>;
export type ChangeKind = z.infer<typeof change>;
export type RunLine = Extract<WorkerLine, { kind: 'run' }>;

/** The state behind its number in a store. */
export function stateOf(number: number): State {
  const state = STATES[number];
  if (!state) throw new RangeError(`a store has no state ${number}`);
  return state;
}

/** All that is known of a run once it is over. */
export interface Ledgers {
  readonly submitters: readonly SubmitterLine[];
  readonly workers: readonly WorkerLine[];
  readonly kills: readonly KillLine[];
  readonly rows: readonly Row[];
}
