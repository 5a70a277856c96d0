import {
  isMajordomoError,
  StoreFullError,
  StoreUnavailableError,
  type MajordomoError,
} from '@majordomo/protocol';
import { Kysely, PostgresDialect, type QueryExecutorProvider } from 'kysely';
import pg from 'pg';
import { PreparingPool } from './preparing-pool';

/** A row of `requests`. */
export interface RequestRow {
  readonly seq: number;
  readonly id: string;
  readonly state: number;
  readonly service: string;
  readonly priority: number;
  readonly due_at: number;
  readonly expires_at: number | null;
  readonly submitted_at: number;
  readonly ended_at: number | null;
  readonly attempts: number;
  readonly token: number;
  readonly lease_until: number | null;
  readonly owner: string | null;
  readonly bytes: number;
  readonly terms: string | null;
  readonly error: string | null;
  readonly reply_type: string | null;
  readonly body: Buffer;
  readonly reply: Buffer | null;
  readonly progress: Buffer | null;
}

/** The tables of a store. */
export interface Database {
  requests: RequestRow;
  keys: { service: string; text: string; id: string; until: number };
  totals: { shard: number; service: string; state: number; requests: number; bytes: number };
  paces: {
    service: string;
    tokens: number;
    refilled_at: number;
    failures: number;
    pauses: number;
    paused_until: number;
  };
}

/** What runs statements: a transaction; or the database, where each is a transaction of its own. */
export type Trx = QueryExecutorProvider;

/** What connects to one schema of one database. */
export interface Connecting {
  readonly url: string;
  readonly schema: string;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
}

const INT8 = 20;

/** Times, sizes and numbers of rows are far below 2^53. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/**
 * What holds for all statements. Each is planned once, maybe while the tables are empty, and goes on as it was planned
 * when they are not: so all go by an index, and each has one to go by. Compiling one, which PostgreSQL thinks of where
 * many rows might be met, takes longer than all of them.
 */
const SETTINGS = ['enable_seqscan=off', 'jit=off', 'statement_timeout=60000'];

/** How long a connection is silent before it is asked whether it still is one, in ms. */
const KEEP_ALIVE_MS = 10_000;

/** How to connect: whatever the session does is in the schema. Options in the URL hold where they are not ours. */
export function clientConfig({ url, schema, connectTimeoutMs }: Connecting): pg.ClientConfig {
  const { connectionString, options } = withoutOptions(url);
  const own = [`search_path=${schema}`, ...SETTINGS].map((setting) => `-c ${setting}`);
  return {
    connectionString,
    options: [...options, ...own].join(' '),
    application_name: 'titanic',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types,
  };
}

/** The driver takes what the URL says before all else, and so would leave ours out. */
function withoutOptions(url: string): { readonly connectionString: string; readonly options: string[] } {
  const [address = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const options = parameters.getAll('options');
  if (options.length === 0) return { connectionString: url, options };
  parameters.delete('options');
  return { connectionString: `${address}?${parameters.toString()}`, options };
}

/**
 * The database, over a pool of connections. An idle connection that breaks is replaced when it is needed.
 * @param answerMsMax - how long an answer may take, in ms, where statements may take longer than they usually do
 */
export function connect(connecting: Connecting, answerMsMax?: number): Kysely<Database> {
  const pool = new pg.Pool({ ...clientConfig(connecting), max: connecting.connectionsMax });
  pool.on('error', () => undefined);
  // One that breaks while it is in use says so twice: to its query, and by an event that somebody has to hear.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: new PreparingPool(pool, answerMsMax) }),
  });
}

/** Transactions that met another's on the way: done again, they succeed. Deadlocks, and rows that were just changed. */
const AGAIN = new Set(['40001', '40P01']);
/** No room: the disk, a quota. */
const FULL = new Set(['53100', '53400']);

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '');

/** True where a transaction that was undone should be tried again. */
export const isToBeTriedAgain = (error: unknown): boolean => AGAIN.has(codeOf(error));

/** The typed error for what the driver threw. */
export function storeError(error: unknown): MajordomoError {
  if (isMajordomoError(error)) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message || code : String(error);
  if (FULL.has(code)) {
    return new StoreFullError(`There is no room for more in the database (${text}); nothing was stored.`, {
      cause: error,
    });
  }
  return new StoreUnavailableError(`The database cannot be used now (${code || 'failed'}): ${text}.`, {
    cause: error,
  });
}

/** An id as PostgreSQL gives it, as it is spoken of. */
export const idText = (uuid: string): string => uuid.replaceAll('-', '');
