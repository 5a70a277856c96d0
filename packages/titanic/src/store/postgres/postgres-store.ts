import {
  ClosedError,
  count,
  isMajordomoError,
  milliseconds,
  parseOptions,
  QueueFullError,
  TIMER_MS_MAX,
} from '@majordomo/protocol';
import { sql, type Kysely } from 'kysely';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { State } from '../../core/lifecycle';
import type { Retention } from '../../core/retention';
import { Listeners } from '../listeners';
import type {
  Backlog,
  Change,
  Changed,
  ClaimOrder,
  Claims,
  Lease,
  ListPage,
  ListQuery,
  NewRequest,
  Part,
  Renewal,
  RequestStore,
  ServiceHealth,
  Settlement,
  StoreCount,
  StoredWhole,
  StoreEvents,
  Submitted,
} from '../store';
import { change, remove } from './changing';
import { claim, type Reach } from './claiming';
import { connect, isToBeTriedAgain, storeError, type Connecting, type Database } from './database';
import { DatabaseClock } from './database-clock';
import { backlog, list } from './listing';
import { Notices } from './notices';
import { Outbox } from './outbox';
import { purge } from './purging';
import { read, stats } from './reading';
import { migrate } from './schema';
import { isPlain, renew, settle, settleAlone } from './settling';
import { addAlone, addRequests, requireRoom } from './submitting';
import { Unit } from './unit';

/** The options of a PostgreSQL store. */
export const postgresStoreOptionsSchema = z.strictObject({
  /** The database, 13 or later: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. */
  url: z.string().regex(/^postgres(ql)?:\/\//, 'should be postgres://USER:PASSWORD@HOST:PORT/DATABASE'),
  /** The schema that the tables are in, titanic's own; titanics that share it share their work. Default `titanic`. */
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,40}$/, 'should be a lower-case name of up to 41 characters')
    .default('titanic'),
  /** Connections at the most, one more to listen aside. Default 8. */
  connectionsMax: count(1, 1_000).default(8),
  /** How long one try to connect may take, in ms. Default 5,000. */
  connectTimeoutMs: milliseconds(1).default(5_000),
  /** Requests that wait or run, at the most; beyond it, submissions are refused. Default 20,000,000. */
  requestsMax: count(1).default(20_000_000),
  /**
   * How often to look for work, and for the end of what is waited for, that nobody told of, because the titanic that should
   * have was lost on the way, in ms. Default 5,000.
   */
  lookEveryMs: milliseconds(100).default(5_000),
});

/** What a user may write. */
export type PostgresStoreOptions = z.input<typeof postgresStoreOptionsSchema>;

/** What else of the world a store may be given: for tests. */
export interface PostgresStoreWorld {
  /** The clock, in ms UTC. Default: that of the database, which all titanics share. */
  readonly now?: () => number;
}

/** Submissions that wait, at the most. */
const PENDING_MAX = 100_000;
/** Requests that one transaction takes in, unless one submission has more. */
const GROUP_REQUESTS_MAX = 1_000;
/** Transactions that take requests in, at one time. */
const GROUPS_MAX = 2;
/** How often a transaction that met another's is tried again. */
const TRIES_MAX = 5;
/** How often the clock of the database is looked at, in ms. */
const CLOCK_EVERY_MS = 60_000;

/** A submission on its way. */
interface Pending {
  readonly requests: readonly NewRequest[];
  readonly resolve: (submitted: Submitted[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Durable requests in PostgreSQL: any number of titanics work on one schema at once. Claims pass over rows that another
 * is claiming (SKIP LOCKED), what one does the others are told (LISTEN/NOTIFY), and submissions that come together
 * share a commit.
 */
export class PostgresStore implements RequestStore {
  readonly #db: Kysely<Database>;
  readonly #listeners = new Listeners();
  readonly #notices: Notices;
  readonly #outbox: Outbox;
  readonly #requestsMax: number;
  readonly #reach: Reach;
  readonly #databaseClock: DatabaseClock;
  readonly #clock: () => number;
  readonly #timers: NodeJS.Timeout[] = [];
  #waiting: Pending[] = [];
  #groups = 0;
  #working = 0;
  #idle: (() => void) | undefined;
  #isScheduled = false;
  #closing: Promise<void> | undefined;

  private constructor(connecting: Connecting, requestsMax: number, clock: (() => number) | undefined) {
    this.#db = connect(connecting);
    this.#notices = new Notices(connecting, this.#listeners, randomUUID());
    this.#outbox = new Outbox(this.#db, this.#notices);
    this.#requestsMax = requestsMax;
    this.#databaseClock = new DatabaseClock(() => timeOf(this.#db));
    this.#clock = clock ?? (() => this.#databaseClock.now());
    this.#reach = {
      db: this.#db,
      turns: new Map(),
      now: () => this.now(),
      alone: (work) => this.#alone(work),
      together: (work) => this.#together(work),
    };
  }

  /**
   * Connects, and makes or migrates the schema; titanics that do so at the same time wait for each other.
   * @throws InvalidOptionsError
   * @throws StoreInvalidError where the schema is of something else, or of a later version; it is left as it is
   * @throws StoreUnavailableError where the database cannot be reached, or refuses
   */
  static async open(options: PostgresStoreOptions, world: PostgresStoreWorld = {}): Promise<PostgresStore> {
    const { requestsMax, lookEveryMs, ...connecting } = parseOptions(
      postgresStoreOptionsSchema,
      options,
      'PostgreSQL store',
    );
    await prepare(connecting);
    const store = new PostgresStore(connecting, requestsMax, world.now);
    try {
      await store.#databaseClock.look();
      await store.#notices.start();
    } catch (error) {
      await store.#db.destroy();
      throw storeError(error);
    }
    const look = (): void => {
      store.#listeners.due(0);
      store.#listeners.missed();
    };
    const clock = (): void => void store.#databaseClock.look().catch(() => undefined);
    store.#timers.push(setInterval(look, lookEveryMs), setInterval(clock, CLOCK_EVERY_MS));
    return store;
  }

  now(): number {
    return this.#clock();
  }

  submit(requests: readonly NewRequest[]): Promise<Submitted[]> {
    if (this.#closing) return Promise.reject(closed());
    if (this.#waiting.length >= PENDING_MAX) {
      return Promise.reject(new QueueFullError(`${PENDING_MAX} submissions wait for the database.`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ requests, resolve, reject });
      this.#schedule();
    });
  }

  claim(order: ClaimOrder): Promise<Claims> {
    return this.#insist(() => claim(this.#reach, order));
  }

  renew(renewals: readonly Renewal[], leaseMs: number): Promise<Lease[]> {
    return this.#insist(() => this.#alone((unit) => renew(unit, renewals, leaseMs)));
  }

  settle(settlements: readonly Settlement[], health: readonly ServiceHealth[]): Promise<boolean[]> {
    if (isPlain(settlements, health)) {
      return this.#insist(() => this.#alone((unit) => settleAlone(unit, settlements, health)));
    }
    return this.#transact((unit) => settle(unit, settlements, health, this.#requestsMax));
  }

  read(ids: readonly string[], parts: readonly Part[]): Promise<(StoredWhole | undefined)[]> {
    return this.#guarded(() => read(this.#db, ids, parts));
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#guarded(() => list(this.#db, query, this.now()));
  }

  change(changes: readonly Change[]): Promise<Changed[]> {
    return this.#transact((unit) => change(unit, changes));
  }

  remove(ids: readonly string[], only?: State): Promise<number> {
    return this.#transact((unit) => remove(unit, ids, only));
  }

  purge(retention: Retention): Promise<{ removed: number; more: boolean }> {
    return this.#transact((unit) => purge(unit, retention));
  }

  stats(): Promise<StoreCount[]> {
    return this.#guarded(() => stats(this.#db));
  }

  backlog(): Promise<Backlog[]> {
    return this.#guarded(() => backlog(this.#db, this.now()));
  }

  subscribe(events: StoreEvents): () => void {
    return this.#listeners.add(events);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#working > 0 || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => (this.#idle = resolve));
    }
    await this.#outbox.empty();
    await this.#notices.stop();
    await this.#db.destroy();
  }

  /** At the end of this turn, all that was submitted in it leaves together. */
  #schedule(): void {
    if (this.#isScheduled || this.#groups >= GROUPS_MAX) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#waiting.length > 0) void this.#takeIn();
    });
  }

  async #takeIn(): Promise<void> {
    this.#groups++;
    const group: Pending[] = [];
    for (let requests = 0; requests < GROUP_REQUESTS_MAX && this.#waiting.length > 0;) {
      const [next] = this.#waiting.splice(0, 1);
      group.push(next!);
      requests += next!.requests.length;
    }
    if (this.#waiting.length > 0) this.#schedule();
    if (!(await this.#submitTogether(group))) {
      for (const each of group) await this.#submitAlone(each);
    }
    this.#groups--;
    if (this.#waiting.length > 0) this.#schedule();
    else this.#rest();
  }

  /** @returns false where nothing of it was stored */
  async #submitTogether(group: readonly Pending[]): Promise<boolean> {
    if (group.length === 1) return false;
    const all = group.flatMap(({ requests }) => requests);
    try {
      const submitted = await this.#add(all, group.length);
      let at = 0;
      for (const { requests, resolve } of group) resolve(submitted.slice(at, (at += requests.length)));
      return true;
    } catch {
      return false;
    }
  }

  async #submitAlone({ requests, resolve, reject }: Pending): Promise<void> {
    try {
      resolve(await this.#add(requests));
    } catch (error) {
      reject(error as Error);
    }
  }

  /** @param operations - submissions that these are of */
  #add(requests: readonly NewRequest[], operations = 1): Promise<Submitted[]> {
    const bound = this.#requestsMax;
    const hasKeys = requests.some(({ key }) => key !== undefined);
    const add = (): Promise<Submitted[]> =>
      hasKeys
        ? this.#together(async (unit) => {
            await requireRoom(unit, requests, bound);
            return addRequests(unit, requests);
          })
        : this.#alone((unit) => addAlone(unit, requests, bound));
    return this.#insist(add, true, operations);
  }

  /** Does work in one transaction, and tells of it once it is done. */
  #transact<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    return this.#insist(() => this.#together(work));
  }

  /** Does work, again where it met another's. */
  #insist<Result>(work: () => Promise<Result>, isAccepted = false, operations = 1): Promise<Result> {
    return this.#guarded(async () => {
      for (let tries = 1; ; tries++) {
        try {
          const result = await work();
          this.#listeners.committed(operations);
          return result;
        } catch (error) {
          if (!isToBeTriedAgain(error) || tries === TRIES_MAX) throw error;
        }
      }
    }, isAccepted);
  }

  /** Does statements in one transaction. */
  async #together<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    let unit: Unit | undefined;
    const result = await this.#db.transaction().execute(async (trx) => {
      unit = new Unit(trx, this.now());
      const done = await work(unit);
      await unit.writeCounts();
      return done;
    });
    if (unit) this.#tell(unit);
    return result;
  }

  /**
   * Does one statement, which is a transaction of its own and counts what it does itself: once to the database and back,
   * instead of four times and more.
   */
  async #alone<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    const unit = new Unit(this.#db, this.now());
    const result = await work(unit);
    this.#tell(unit);
    return result;
  }

  /** Those here at once; the others through the database. */
  #tell({ dueAt, ended }: Unit): void {
    if (ended.length > 0) this.#listeners.ended(ended);
    if (dueAt !== Infinity) this.#listeners.due(dueAt);
    this.#outbox.tell(dueAt, ended);
  }

  /** @param isAccepted - true for what was asked for before the store was closed */
  async #guarded<Result>(work: () => Promise<Result>, isAccepted = false): Promise<Result> {
    if (this.#closing && !isAccepted) throw closed();
    this.#working++;
    try {
      return await work();
    } catch (error) {
      throw isMajordomoError(error) ? error : storeError(error);
    } finally {
      this.#working--;
      this.#rest();
    }
  }

  #rest(): void {
    if (this.#working === 0 && this.#groups === 0 && this.#waiting.length === 0) this.#idle?.();
  }
}

/** Brings the schema up to date, over a connection that is waited for as long as that takes. */
async function prepare(connecting: Connecting): Promise<void> {
  const db = connect({ ...connecting, connectionsMax: 1 }, TIMER_MS_MAX);
  try {
    await migrate(db, connecting.schema);
  } catch (error) {
    throw storeError(error);
  } finally {
    await db.destroy();
  }
}

/** What time it is at the database, in ms. */
async function timeOf(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms`.execute(db);
  return rows[0]!.ms;
}

const closed = (): ClosedError => new ClosedError('The store is closed.');
