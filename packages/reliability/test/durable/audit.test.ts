import { audit, type AuditRules } from '../../src/durable/audit/audit';
import { FINDINGS, type Finding, type FindingKind } from '../../src/durable/audit/finding';
import type { Entry, KillLine, Reply, Row, SubmitterLine, WorkerLine } from '../../src/durable/ledger';

const RULES: AuditRules = { earlyMs: 0, transitMs: 100, attemptMs: 5_000, turns: undefined };

const entry = (token: string, fields: Partial<Entry> = {}): Entry => ({
  token,
  id: `id of ${token}`,
  want: 'work',
  dueAt: null,
  ttlMs: null,
  key: null,
  priority: 4,
  bytes: 10,
  ...fields,
});
const reply = (token: string, run: string, fields: Partial<Reply> = {}): Reply => ({
  token,
  run,
  intact: true,
  ...fields,
});
const row = (token: string, fields: Partial<Row> = {}): Row => ({
  id: `id of ${token}`,
  token,
  state: 'done',
  seq: 1,
  priority: 4,
  dueAt: 1_000,
  expiresAt: null,
  attempts: 1,
  reply: null,
  ...fields,
});
const submitting = (batch: string, ...entries: Entry[]): SubmitterLine => ({
  kind: 'submitting',
  batch,
  entries,
  at: 1_000,
});
const stored = (batch: string, ...ids: string[]): SubmitterLine => ({
  kind: 'stored',
  batch,
  ids,
  at: 1_010,
});
const changed = (
  token: string,
  change: 'cancel' | 'move' | 'close',
  at: number,
  { dueAt = null, code = null }: { dueAt?: number | null; code?: string | null } = {},
): SubmitterLine[] => [
  { kind: 'changing', token, change, dueAt, at: at - 10 },
  { kind: 'changed', token, change, code, at },
];
const read = (
  token: string,
  fields: Pick<Extract<SubmitterLine, { kind: 'read' }>, 'state' | 'reply'>,
): SubmitterLine => ({
  kind: 'read',
  token,
  ...fields,
  at: 9_000,
});
const run = (token: string, name: string, at: number, attempt = 1): WorkerLine => ({
  kind: 'run',
  token,
  run: name,
  at,
  attempt,
});
const done = (name: string, at: number): WorkerLine => ({ kind: 'done', run: name, at });
const failed = (name: string, at: number): WorkerLine => ({ kind: 'failed', run: name, at });
const killed = (victim: KillLine['victim'], life: string, at: number): KillLine => ({
  victim,
  life,
  step: 'any',
  from: at - 5,
  at,
});

interface Planted {
  submitters: SubmitterLine[];
  workers: WorkerLine[];
  kills: KillLine[];
  rows: Row[];
}

/** Ledgers of a good run, with something of everything. */
function good(): Planted {
  return {
    submitters: [
      submitting('plain', entry('plain')),
      stored('plain', 'id of plain'),
      read('plain', { state: 'done', reply: reply('plain', 'w.1/1') }),
      submitting('pair', entry('one'), entry('two')),
      stored('pair', 'id of one', 'id of two'),
      submitting('later', entry('later', { dueAt: 3_000 })),
      stored('later', 'id of later'),
      submitting('moved', entry('moved', { dueAt: 3_000 })),
      stored('moved', 'id of moved'),
      ...changed('moved', 'move', 1_500, { dueAt: 4_000 }),
      submitting('mortal', entry('mortal', { dueAt: 2_000, ttlMs: 500 })),
      stored('mortal', 'id of mortal'),
      submitting('expired', entry('expired', { dueAt: 2_000, ttlMs: 5 })),
      stored('expired', 'id of expired'),
      submitting('cancelled', entry('cancelled', { dueAt: 3_000 })),
      stored('cancelled', 'id of cancelled'),
      ...changed('cancelled', 'cancel', 1_500),
      submitting('doomed', entry('doomed', { want: 'doomed' })),
      stored('doomed', 'id of doomed'),
      submitting('closed', entry('closed')),
      stored('closed', 'id of closed'),
      read('closed', { state: 'done', reply: reply('closed', 'w.1/9') }),
      ...changed('closed', 'close', 9_500),
      submitting('key', entry('key', { key: 'k' })),
      stored('key', 'id of key'),
      submitting('key again', entry('key again', { key: 'k' })),
      stored('key again', 'id of key'),
      submitting('twice', entry('twice', { id: null })),
      { kind: 'stored', batch: 'twice', ids: ['id of twice'], at: 1_200 },
      submitting('unanswered', entry('unanswered', { id: null })),
      { kind: 'unanswered', batch: 'unanswered', code: 'CONNECTION_LOST', at: 1_100 },
      submitting('again', entry('again')),
      stored('again', 'id of again'),
    ],
    workers: [
      run('plain', 'w.1/1', 1_100),
      done('w.1/1', 1_110),
      run('one', 'w.1/2', 1_100),
      done('w.1/2', 1_110),
      run('two', 'w.1/3', 1_100),
      failed('w.1/3', 1_105),
      run('two', 'w.1/4', 1_200),
      done('w.1/4', 1_205),
      run('later', 'w.1/5', 3_000),
      done('w.1/5', 3_010),
      run('moved', 'w.1/6', 4_001),
      done('w.1/6', 4_010),
      run('mortal', 'w.1/7', 2_500),
      done('w.1/7', 2_510),
      run('doomed', 'w.1/8', 1_100),
      failed('w.1/8', 1_110),
      run('closed', 'w.1/9', 1_100),
      done('w.1/9', 1_110),
      run('key', 'w.1/10', 1_100),
      done('w.1/10', 1_110),
      run('twice', 'w.1/11', 1_300),
      done('w.1/11', 1_310),
      run('twice', 'w.1/12', 1_300),
      done('w.1/12', 1_310),
      run('unanswered', 'w.1/13', 1_300),
      done('w.1/13', 1_310),
      run('again', 'w.2/1', 5_000),
      run('again', 'w.1/14', 5_200, 2),
      done('w.1/14', 5_210),
      run('again', 'w.1/15', 8_000),
      done('w.1/15', 8_010),
    ],
    kills: [
      killed('titanic', 'titanic-1.1', 1_150),
      killed('worker', 'w.2', 5_100),
      killed('broker', 'broker.1', 7_900),
    ],
    rows: [
      row('plain', { reply: reply('plain', 'w.1/1') }),
      row('one', { reply: reply('one', 'w.1/2') }),
      row('two', { reply: reply('two', 'w.1/4'), attempts: 2 }),
      row('later', { dueAt: 3_000, reply: reply('later', 'w.1/5') }),
      row('moved', { dueAt: 4_000, reply: reply('moved', 'w.1/6') }),
      row('mortal', { dueAt: 2_000, expiresAt: 2_500, reply: reply('mortal', 'w.1/7') }),
      row('expired', { state: 'expired', dueAt: 2_000, expiresAt: 2_005, attempts: 0 }),
      row('cancelled', { state: 'cancelled', dueAt: 3_000, attempts: 0 }),
      row('doomed', { state: 'dead' }),
      row('key', { reply: reply('key', 'w.1/10') }),
      row('twice', { reply: reply('twice', 'w.1/11') }),
      row('twice', { id: 'another', reply: reply('twice', 'w.1/12') }),
      row('unanswered', { id: 'unknown', reply: reply('unanswered', 'w.1/13') }),
      row('again', { attempts: 2, reply: reply('again', 'w.1/15') }),
    ],
  };
}

const kinds = (findings: readonly Finding[]): string[] => findings.map(({ kind, id }) => `${kind} ${id}`);
const rowOf = ({ rows }: Planted, token: string): Row => rows.find((each) => each.token === token)!;
const change = (planted: Planted, token: string, fields: Partial<Row>): void => {
  planted.rows[planted.rows.indexOf(rowOf(planted, token))] = { ...rowOf(planted, token), ...fields };
};
const drop = (planted: Planted, token: string): void => {
  planted.rows = planted.rows.filter((each) => each.token !== token);
};

test('a good run: nothing found, everything counted', () => {
  const { findings, counts } = audit(good(), RULES);
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({
    submitted: 15,
    stored: 14,
    unanswered: 1,
    unansweredStored: 1,
    states: { done: 11, expired: 1, cancelled: 1, dead: 1 },
    closed: 1,
    read: 2,
    cancelled: 1,
    moved: 1,
    byKey: 1,
    twins: 1,
    runs: 16,
    begunOnly: 1,
    doneOnly: 1,
    lateMs: { count: 3, p50: 1, max: 500 },
    afterDeathMsMax: 0,
  });
  expect(counts.repeats).toEqual({
    requests: 3,
    runs: 4,
    causes: {
      'its worker failed, as it should': 1,
      'titanic was killed': 1,
      'its worker was killed': 1,
      'the broker was killed': 1,
    },
  });
});

/** Each plants one fault into a good run. */
const PLANTED: readonly [what: string, kind: FindingKind, id: string, plant: (ledgers: Planted) => void][] = [
  ['a lost request', 'lost', 'plain', (all) => drop(all, 'plain')],
  ['a request that ran and is lost', 'lost', 'unanswered', (all) => drop(all, 'unanswered')],
  [
    'a second row without a kill',
    'twice',
    'plain',
    ({ rows }) => rows.push(row('plain', { id: 'another', reply: reply('plain', 'w.1/1') })),
  ],
  ['a second row of RFC 9 without a kill', 'twice', 'twice', ({ kills }) => kills.splice(0, 1)],
  ['half a batch', 'torn', 'pair', (all) => drop(all, 'two')],
  ['a row of nobody', 'stray', 'nobody', ({ rows }) => rows.push(row('nobody'))],
  [
    'a row with a foreign body',
    'stray',
    'odd',
    ({ rows }) => rows.push(row('x', { id: 'odd', token: null })),
  ],
  ['a run of nobody', 'stray', 'nobody', ({ workers }) => workers.push(run('nobody', 'w.1/99', 1))],
  ['a request that waits', 'open', 'later', (all) => change(all, 'later', { state: 'waiting' })],
  ['a request in hand', 'open', 'later', (all) => change(all, 'later', { state: 'running' })],
  ['a delivery too early', 'early', 'later', ({ workers }) => workers.push(run('later', 'w.1/98', 2_999))],
  [
    'a delivery before the time that it was moved to',
    'early',
    'moved',
    ({ workers }) => workers.push(run('moved', 'w.1/98', 3_999)),
  ],
  [
    'a delivery after its death',
    'undead',
    'mortal',
    ({ workers }) => workers.push(run('mortal', 'w.1/98', 2_601, 2)),
  ],
  [
    'a delivery of what had expired',
    'undead',
    'expired',
    ({ workers }) => workers.push(run('expired', 'w.1/98', 2_200)),
  ],
  [
    'a delivery of what was cancelled',
    'withdrawn',
    'cancelled',
    ({ workers }) => workers.push(run('cancelled', 'w.1/98', 3_000)),
  ],
  [
    'a cancellation without effect',
    'ended',
    'cancelled',
    (all) => change(all, 'cancelled', { state: 'done' }),
  ],
  ['a dead letter without a reason', 'ended', 'plain', (all) => change(all, 'plain', { state: 'dead' })],
  ['an end of old age without one', 'ended', 'plain', (all) => change(all, 'plain', { state: 'expired' })],
  ['a cancellation by nobody', 'ended', 'plain', (all) => change(all, 'plain', { state: 'cancelled' })],
  ['a success of what fails', 'ended', 'doomed', (all) => change(all, 'doomed', { state: 'done' })],
  ['another due time', 'altered', 'later', (all) => change(all, 'later', { dueAt: 2_999 })],
  ['another time to live', 'altered', 'mortal', (all) => change(all, 'mortal', { expiresAt: null })],
  ['another priority', 'altered', 'plain', (all) => change(all, 'plain', { priority: 9 })],
  ["another's body under its UUID", 'altered', 'plain', (all) => change(all, 'plain', { token: 'one' })],
  ['no reply', 'unearned', 'plain', (all) => change(all, 'plain', { reply: null })],
  ["another's reply", 'unearned', 'plain', (all) => change(all, 'plain', { reply: reply('one', 'w.1/2') })],
  [
    'a reply by nobody',
    'unearned',
    'plain',
    (all) => change(all, 'plain', { reply: reply('plain', 'w.9/9') }),
  ],
  [
    'a reply of an unfinished run',
    'unearned',
    'again',
    (all) => change(all, 'again', { reply: reply('again', 'w.2/1') }),
  ],
  [
    'an altered reply',
    'unearned',
    'plain',
    (all) => change(all, 'plain', { reply: reply('plain', 'w.1/1', { intact: false }) }),
  ],
  [
    "another's reply, read",
    'unearned',
    'one',
    ({ submitters }) => submitters.push(read('one', { state: 'done', reply: reply('plain', 'w.1/1') })),
  ],
  [
    'a reply that is replaced',
    'double',
    'again',
    ({ submitters }) => submitters.push(read('again', { state: 'done', reply: reply('again', 'w.1/14') })),
  ],
  [
    'an end that is revoked',
    'double',
    'plain',
    ({ submitters }) => submitters.push(read('plain', { state: 'expired', reply: null })),
  ],
  [
    'what was closed and is there',
    'kept',
    'closed',
    ({ rows }) => rows.push(row('closed', { reply: reply('closed', 'w.1/9') })),
  ],
  [
    'a key with two UUIDs',
    'key',
    'key again',
    ({ submitters }) => submitters.push(stored('key again', 'id of key again')),
  ],
  [
    'a key with two rows',
    'key',
    'key again',
    ({ rows }) => rows.push(row('key again', { reply: reply('key again', 'w.1/10') })),
  ],
  [
    'a run again before its worker was killed',
    'again',
    'again',
    ({ kills }) => kills.splice(1, 1, killed('worker', 'w.2', 5_300)),
  ],
  ['a run again without a reason', 'again', 'again', ({ kills }) => kills.splice(2, 1)],
  [
    'a run again although nobody was killed',
    'again',
    'later',
    ({ workers }) => workers.push(run('later', 'w.1/98', 3_900, 2)),
  ],
  ['a delivery without a claim', 'uncounted', 'two', (all) => change(all, 'two', { attempts: 1 })],
];

test.each(PLANTED)('finds %s', (_what, kind, id, plant) => {
  const ledgers = good();
  plant(ledgers);
  expect(kinds(audit(ledgers, RULES).findings)).toContain(`${kind} ${id}`);
});

describe('all due at one time', () => {
  const turns = { placesMax: 2, perSecond: 100, burst: 1, windowMs: 100, jitterMs: 0 };
  /** Ten requests at their pace, the urgent ones first. */
  const begun = (order: readonly number[], everyMs: number): Planted => {
    const tokens = Array.from({ length: 10 }, (_, at) => `t${at}`);
    return {
      submitters: tokens.flatMap((token, at) => [
        submitting(token, entry(token, { dueAt: 2_000, priority: at < 5 ? 4 : 9 })),
        stored(token, `id of ${token}`),
      ]),
      workers: order.flatMap((at, place) => [
        run(`t${at}`, `w.1/${at}`, 2_000 + place * everyMs),
        done(`w.1/${at}`, 2_900),
      ]),
      kills: [],
      rows: tokens.map((token, at) =>
        row(token, { seq: at, priority: at < 5 ? 4 : 9, dueAt: 2_000, reply: reply(token, `w.1/${at}`) }),
      ),
    };
  };
  const inTurn = [5, 6, 7, 8, 9, 0, 1, 2, 3, 4];

  test('in their turns, at their pace', () => {
    expect(audit(begun(inTurn, 10), { ...RULES, turns }).findings).toEqual([]);
    expect(audit(begun([7, 5, 6, 8, 9, 0, 1, 2, 3, 4], 10), { ...RULES, turns }).findings).toEqual([]);
  });

  test('finds what was not given out in its turn', () => {
    const { findings } = audit(begun([0, 5, 6, 7, 8, 9, 1, 2, 3, 4], 10), { ...RULES, turns });
    expect(kinds(findings)).toEqual(['disorder t0']);
  });

  test('finds what was given out faster than the pace', () => {
    const { findings } = audit(begun(inTurn, 8), { ...RULES, turns: { ...turns, windowMs: 40 } });
    expect(kinds(findings)).toContain('rushed t0');
  });
});

test('every kind of finding has a planted fault', () => {
  const planted = new Set<string>([...PLANTED.map(([, kind]) => kind), 'disorder', 'rushed']);
  expect([...planted].sort()).toEqual(Object.keys(FINDINGS).sort());
});
