import Database from 'better-sqlite3';
import { packFrames } from '../../src/core/frames';
import type { Engine } from '../../src/store/sqlite/engine';
import { openDatabase } from '../../src/store/sqlite/open';
import type { Operation } from '../../src/store/sqlite/operations';
import type { Claims, NewRequest } from '../../src/store/store';
import { anOrder, T0 } from './requests';

const idOf = (number: number): string => number.toString(16).padStart(32, '0');

const large = (fill: number): Uint8Array => packFrames([Buffer.alloc(20_000, fill)]);
const small = packFrames([Buffer.from('small')]);

const request = (number: number, fields: Partial<NewRequest> = {}): NewRequest => ({
  id: idOf(number),
  service: 'mail',
  body: small,
  priority: 4,
  dueAt: T0,
  expiresAt: undefined,
  terms: undefined,
  key: undefined,
  ...fields,
});

const ERROR = '{"code":"WORKER_FAILED","message":"no"}';

/** One step: operations that share a transaction, at a time. */
interface Step {
  readonly now: number;
  readonly operations: readonly Operation[];
}

const step = (now: number, ...operations: Operation[]): Step => ({ now, operations });
const held = (number: number, token = 1) => ({ id: idOf(number), token });
const ever = { ageMs: 0, count: 0 };

/** Requests in every way of life, each step a transaction, always the same. */
export const SCRIPT: readonly Step[] = [
  step(T0, {
    name: 'submit',
    takes: [
      [
        request(1),
        request(2, { body: large(2), key: { text: 'k', until: T0 + 500 } }),
        request(3, { expiresAt: T0 + 100 }),
        request(4, { dueAt: T0 + 200, expiresAt: T0 + 150 }),
      ],
    ],
  }),
  step(
    T0 + 1,
    { name: 'submit', takes: [[request(5, { service: 'titanic.cron' })]] },
    { name: 'submit', takes: [[request(6, { service: 'sms', dueAt: T0 + 1_000 }), request(7), request(8)]] },
  ),
  step(T0 + 2, { name: 'claim', takes: [anOrder({ leaseMs: 300, pace: { perSecond: 100, burst: 50 } })] }),
  step(T0 + 3, {
    name: 'renew',
    takes: [
      [
        { ...held(2), progress: large(5) },
        { ...held(7), progress: undefined },
        { ...held(99), progress: small },
      ],
      400,
    ],
  }),
  step(
    T0 + 4,
    {
      name: 'settle',
      takes: [
        [
          { ...held(1), outcome: 'succeed', reply: small, replyType: 'text/plain' },
          { ...held(2), outcome: 'succeed', reply: large(6), replyType: undefined },
          { ...held(3), outcome: 'retry', dueAt: T0 + 20, error: ERROR },
          { ...held(5), outcome: 'fire', requests: [request(10), request(11)], dueAt: T0 + 5_000 },
        ],
        [{ service: 'mail', answered: 0, failed: 2, absent: 0 }],
      ],
    },
    { name: 'settle', takes: [[{ ...held(7), outcome: 'die', error: ERROR }], []] },
  ),
  step(
    T0 + 5,
    { name: 'change', takes: [[{ id: idOf(6), change: 'edit', body: large(7), priority: 8 }]] },
    {
      name: 'change',
      takes: [
        [
          { id: idOf(6), change: 'move', dueAt: T0 + 2_000 },
          { id: idOf(10), change: 'cancel' },
        ],
      ],
    },
    { name: 'change', takes: [[{ id: idOf(7), change: 'revive', dueAt: T0 + 5 }]] },
  ),
  step(T0 + 6, { name: 'remove', takes: [[idOf(2), idOf(77)]] }),
  // The lease of 8 has run out, 3 and 4 have outlived their time.
  step(T0 + 900, { name: 'claim', takes: [anOrder({ leaseMs: 300 })] }),
  step(T0 + 901, {
    name: 'purge',
    takes: [{ done: ever, dead: ever, expired: { ageMs: 1e6, count: 1 }, cancelled: ever }],
  }),
];

/** How many requests the second claim of the script finds: it would be no test of claims if there were none. */
export const claimsOf = (outcome: unknown): number => (outcome as { gives: Claims }).gives.claimed.length;

/** Does one step, and makes sure that it was done. */
export function take(engine: Engine, { operations, now }: Step): readonly unknown[] {
  const { outcomes } = engine.run(operations, now);
  const fault = outcomes.find((outcome) => 'fault' in outcome);
  if (fault) throw new Error(JSON.stringify(fault));
  return outcomes;
}

const TABLES = ['requests', 'blobs', 'keys', 'totals', 'paces'];

/** All that is in a database, as text; and whether it is sound. */
export function dump(file: string): string {
  const db = openDatabase({ file, fileBytesMax: undefined });
  try {
    return dumpOf(db);
  } finally {
    db.close();
  }
}

function dumpOf(db: Database.Database): string {
  const counted = db.prepare(
    `SELECT service, state, count(*) AS requests, sum(bytes) AS bytes FROM requests GROUP BY service, state
     ORDER BY service, state`,
  );
  const totals = db.prepare('SELECT * FROM totals ORDER BY service, state').all();
  const mistakes: unknown[] = [];
  if (JSON.stringify(totals) !== JSON.stringify(counted.all())) mistakes.push('totals are not what there is');
  if (db.pragma('integrity_check', { simple: true }) !== 'ok') mistakes.push('the database is damaged');
  const orphans = db
    .prepare('SELECT count(*) AS n FROM blobs WHERE key / 4 NOT IN (SELECT seq FROM requests)')
    .get();
  if ((orphans as { n: number }).n > 0) mistakes.push('there are bodies without requests');
  const tables = TABLES.map((table) => [
    table,
    db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).raw().all(),
  ]);
  return JSON.stringify({ mistakes, tables }, (_, value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('base64') : value,
  );
}

/** Calls `before` ahead of every statement that this process runs from now on. */
export function watchStatements(before: (sql: string) => void): () => void {
  const prototype = Database.prototype as unknown as {
    prepare: (this: Database.Database, sql: string) => Database.Statement;
  };
  const { prepare } = prototype;
  prototype.prepare = function (this, sql) {
    const statement = prepare.call(this, sql) as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const name of ['run', 'get', 'all']) {
      const original = statement[name]!;
      statement[name] = function (this: unknown, ...args) {
        before(sql);
        return original.apply(statement, args);
      };
    }
    return statement as unknown as Database.Statement;
  };
  return () => {
    prototype.prepare = prepare;
  };
}
