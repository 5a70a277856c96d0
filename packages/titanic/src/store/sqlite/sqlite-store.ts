import { Worker } from 'node:worker_threads';
import type { MajordomoError } from '@majordomo/protocol';
import {
  ClosedError,
  count,
  parseOptions,
  QueueFullError,
  StoreFullError,
  StoreInvalidError,
  StoreUnavailableError,
} from '@majordomo/protocol';
import { z } from 'zod';
import { Listeners } from '../listeners';
import type { RequestStore, StoreEvents } from '../store';
import type { EngineOptions } from './engine';
import type { Fault, GroupOutcome, Operation, OperationName, Operations } from './operations';
import type { ThreadOrder } from './thread';

/** The options of a SQLite store. */
export const sqliteStoreOptionsSchema = z.strictObject({
  /** The file: made where there is none. It is for one titanic at a time. */
  file: z
    .string()
    .min(1)
    .refine((file) => !file.startsWith(':'), 'should be a file: what is in memory is not durable'),
  /** Requests that wait or run, at the most; beyond it, submissions are refused. Default 20,000,000. */
  requestsMax: count(1).default(20_000_000),
  /** Bytes that the file may grow to, at least 1 MiB; beyond it, there is no room. Default: what the disk has. */
  fileBytesMax: count(1_024 * 1_024).optional(),
});

/** What a user may write. */
export type SqliteStoreOptions = z.input<typeof sqliteStoreOptionsSchema>;

/** What else of the world a store may be given: for tests. */
export interface SqliteStoreWorld {
  /** The clock, in ms UTC. */
  readonly now?: () => number;
  /** The file of the thread. */
  readonly thread?: URL | string;
}

/** Operations that wait for the thread, at the most. */
const PENDING_MAX = 100_000;

/** One operation and who waits for it. */
interface Pending {
  readonly operation: Operation;
  readonly resolve: (gives: never) => void;
  readonly reject: (error: Error) => void;
}

const FAULTS: Readonly<Record<string, new (message: string) => MajordomoError>> = {
  STORE_FULL: StoreFullError,
  STORE_INVALID: StoreInvalidError,
};

const errorOf = ({ code, message }: Fault): MajordomoError =>
  new (FAULTS[code] ?? StoreUnavailableError)(message);

/**
 * Durable requests in one SQLite file, the embedded default: write-ahead log, every commit on disk before it counts
 * (`synchronous = FULL`). SQLite runs in a thread, so that a slow disk holds up no heartbeat; all that is asked for while
 * the thread is busy goes to it together and shares the next commit.
 */
export class SqliteStore implements RequestStore {
  readonly #clock: () => number;
  readonly #thread: Worker;
  readonly #exited: Promise<void>;
  readonly #listeners = new Listeners();
  /** Asked for, not yet with the thread. */
  #waiting: Pending[] = [];
  /** With the thread. */
  #working: readonly Pending[] | undefined;
  #isScheduled = false;
  #lost: MajordomoError | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  private constructor(thread: Worker, now: () => number) {
    this.#thread = thread;
    this.#clock = now;
    this.#exited = new Promise((resolve) => thread.once('exit', () => resolve()));
    thread.on('message', (outcome: GroupOutcome) => this.#answered(outcome));
    thread.on('error', (error) => {
      this.#lose(
        new StoreUnavailableError(`The thread of the store failed: ${error.message}.`, { cause: error }),
      );
    });
    thread.on('exit', () => this.#lose(new StoreUnavailableError('The thread of the store has ended.')));
  }

  /**
   * Opens the store, or makes it.
   * @throws InvalidOptionsError
   * @throws StoreInvalidError where the file is something else, damaged or of a later version; it is left as it is
   * @throws StoreUnavailableError where another process has it, or it cannot be read or written
   */
  static async open(options: SqliteStoreOptions, world: SqliteStoreWorld = {}): Promise<SqliteStore> {
    const { file, requestsMax, fileBytesMax } = parseOptions(
      sqliteStoreOptionsSchema,
      options,
      'SQLite store',
    );
    const workerData: EngineOptions = { file, requestsMax, fileBytesMax };
    const thread = new Worker(world.thread ?? new URL('./sqlite-thread.js', import.meta.url), { workerData });
    const fault = await new Promise<Fault | undefined>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', (error) => {
        reject(new StoreUnavailableError(`The store cannot be opened: ${error.message}.`, { cause: error }));
      });
    });
    if (!fault) return new SqliteStore(thread, world.now ?? Date.now);
    await thread.terminate();
    throw errorOf(fault);
  }

  now(): number {
    return this.#clock();
  }

  submit(...takes: Operations['submit']['takes']) {
    return this.#ask('submit', takes);
  }

  claim(...takes: Operations['claim']['takes']) {
    return this.#ask('claim', takes);
  }

  renew(...takes: Operations['renew']['takes']) {
    return this.#ask('renew', takes);
  }

  settle(...takes: Operations['settle']['takes']) {
    return this.#ask('settle', takes);
  }

  read(...takes: Operations['read']['takes']) {
    return this.#ask('read', takes);
  }

  list(...takes: Operations['list']['takes']) {
    return this.#ask('list', takes);
  }

  change(...takes: Operations['change']['takes']) {
    return this.#ask('change', takes);
  }

  remove(...takes: Operations['remove']['takes']) {
    return this.#ask('remove', takes);
  }

  purge(...takes: Operations['purge']['takes']) {
    return this.#ask('purge', takes);
  }

  stats() {
    return this.#ask('stats', []);
  }

  subscribe(events: StoreEvents): () => void {
    return this.#listeners.add(events);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#waiting.length > 0 || this.#working)
      await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#thread.postMessage({ operations: undefined, now: 0 } satisfies ThreadOrder);
    await this.#exited;
  }

  #ask<Name extends OperationName>(
    name: Name,
    takes: Operations[Name]['takes'],
  ): Promise<Operations[Name]['gives']> {
    if (this.#closing) return Promise.reject(new ClosedError('The store is closed.'));
    if (this.#lost) return Promise.reject(this.#lost);
    if (this.#waiting.length >= PENDING_MAX) {
      return Promise.reject(new QueueFullError(`${PENDING_MAX} operations wait for the disk.`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation: { name, takes } as Operation, resolve, reject });
      this.#schedule();
    });
  }

  /** At the end of this turn, all that was asked for in it leaves together. */
  #schedule(): void {
    if (this.#isScheduled || this.#working) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#working || this.#waiting.length === 0) return;
    const group = this.#waiting;
    this.#waiting = [];
    this.#working = group;
    const operations = group.map(({ operation }) => operation);
    this.#thread.postMessage({ operations, now: this.now() } satisfies ThreadOrder);
  }

  #answered({ outcomes, ended, dueAt }: GroupOutcome): void {
    const group = this.#working ?? [];
    this.#working = undefined;
    this.#send();
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index]!;
      if ('fault' in outcome) reject(errorOf(outcome.fault));
      else resolve(outcome.gives as never);
    }
    if (ended.length > 0) this.#listeners.ended(ended);
    if (dueAt !== Infinity) this.#listeners.due(dueAt);
    if (!this.#working && this.#waiting.length === 0) this.#idle?.();
  }

  /** The thread is no more: nobody knows what became of what it had in hand. */
  #lose(error: MajordomoError): void {
    if (this.#lost) return;
    this.#lost = error;
    for (const { reject } of [...(this.#working ?? []), ...this.#waiting]) reject(error);
    this.#working = undefined;
    this.#waiting = [];
    this.#idle?.();
    if (!this.#closing) this.#listeners.lost(error);
  }
}
