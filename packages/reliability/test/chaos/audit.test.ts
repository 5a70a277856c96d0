import { audit, type AuditRules } from '../../src/chaos/audit/audit';
import { FINDINGS, type Finding, type FindingKind } from '../../src/chaos/audit/finding';
import type {
  ClientLine,
  IssuedLine,
  Ledgers,
  ReplyFrame,
  RunLine,
  WorkerLine,
} from '../../src/chaos/ledger';

const RULES: AuditRules = { slackMs: 1_000, noFailures: false, noDuplicates: false };

const A = 'tcp://127.0.0.1:1';
const B = 'tcp://127.0.0.1:2';

const issued = (id: string, fields: Partial<IssuedLine> = {}): IssuedLine => ({
  kind: 'issued',
  id,
  call: 'work',
  idempotent: true,
  must: false,
  timeoutMs: 5_000,
  ...fields,
});
const ran = (id: string, run: string, fields: Partial<RunLine> = {}): WorkerLine[] => [
  { kind: 'run', id, run, broker: A, attempt: 1, ...fields },
  { kind: 'done', run },
];
/** The frames of one run of a handler, all of them or the first so many. */
const framesOf = (of: string, run: string, count = 1, sent = count): ReplyFrame[] =>
  Array.from({ length: sent }, (_, seq) => ({ of, run, seq, last: seq === count - 1 }));
const answered = (id: string, frames: ReplyFrame[], fields: object = {}): ClientLine => ({
  kind: 'answered',
  id,
  frames,
  intact: true,
  elapsedMs: 10,
  ...fields,
});
const failed = (id: string, code: string | null, fields: object = {}): ClientLine => ({
  kind: 'failed',
  id,
  code,
  message: 'so it is',
  frames: [],
  elapsedMs: 10,
  ...fields,
});

/** Ledgers of a good run, with something of everything. */
function good(): { clients: ClientLine[]; workers: WorkerLine[]; killed: Set<string> } {
  return {
    clients: [
      issued('c.1/1', { must: true }),
      answered('c.1/1', framesOf('c.1/1', 'w.1/1')),
      issued('c.1/2', { call: 'stream' }),
      answered('c.1/2', framesOf('c.1/2', 'w.2/1', 3)),
      issued('c.1/3', { call: 'gather' }),
      answered('c.1/3', framesOf('c.1/3', 'w.1/3', 4)),
      issued('c.1/4', { idempotent: false }),
      failed('c.1/4', 'CONNECTION_LOST'),
      issued('c.1/5', { call: 'cancel' }),
      failed('c.1/5', 'ABORTED'),
      issued('c.1/6', { call: 'fail' }),
      failed('c.1/6', 'WORKER_FAILED'),
      issued('c.1/7', { call: 'leave' }),
      { kind: 'left', id: 'c.1/7', frames: framesOf('c.1/7', 'w.1/7', 9, 2), elapsedMs: 10 },
      issued('c.2/1', { must: true }),
    ],
    workers: [
      ...ran('c.1/1', 'w.1/1'),
      { kind: 'run', id: 'c.1/2', run: 'w.1/2', broker: A, attempt: 1 },
      ...ran('c.1/2', 'w.2/1', { attempt: 2 }),
      ...ran('c.1/3', 'w.1/3'),
      ...ran('c.1/4', 'w.1/4'),
      ...ran('c.1/4', 'w.2/2', { attempt: 2 }),
      ...ran('c.1/6', 'w.1/6'),
      { kind: 'run', id: 'c.1/7', run: 'w.1/7', broker: B, attempt: 1 },
    ],
    killed: new Set(['c.2']),
  };
}

type Planted = ReturnType<typeof good>;

/** Replaces the line of a client that has this id and kind. */
function replace(ledgers: Planted, id: string, line: ClientLine): void {
  const at = ledgers.clients.findIndex((each) => each.id === id && each.kind !== 'issued');
  ledgers.clients.splice(at, 1, line);
}

const kinds = (findings: readonly Finding[]): string[] => findings.map(({ kind, id }) => `${kind} ${id}`);

test('a good run: nothing found, everything counted', () => {
  const { findings, counts } = audit(good() satisfies Ledgers, RULES);
  expect(findings).toEqual([]);
  expect(counts).toEqual({
    issued: 8,
    answered: 3,
    streamFrames: 3,
    failed: { CONNECTION_LOST: 1, ABORTED: 1, WORKER_FAILED: 1 },
    left: 1,
    orphaned: 1,
    must: 1,
    lost: 0,
    runs: 8,
    duplicates: { idempotent: 1, idempotentRuns: 1, onceOnly: 1, onceOnlyRuns: 1 },
  });
});

/** Each plants one fault into a good run. */
const PLANTED: readonly [what: string, kind: FindingKind, id: string, plant: (ledgers: Planted) => void][] = [
  ['a lost request', 'lost', 'c.1/1', (all) => replace(all, 'c.1/1', failed('c.1/1', 'TIMEOUT'))],
  ['a hang', 'hang', 'c.1/9', ({ clients }) => clients.push(issued('c.1/9'))],
  ['a hang of a stream', 'hang', 'c.1/9', ({ clients }) => clients.push(issued('c.1/9', { call: 'stream' }))],
  [
    'an end long after the time was up',
    'late',
    'c.1/4',
    (all) => replace(all, 'c.1/4', failed('c.1/4', 'TIMEOUT', { elapsedMs: 6_001 })),
  ],
  ['a second outcome', 'twice', 'c.1/4', ({ clients }) => clients.push(failed('c.1/4', 'TIMEOUT'))],
  ['an answer to nothing', 'stray', 'c.1/0', ({ clients }) => clients.push(answered('c.1/0', []))],
  ['a run of nothing', 'stray', 'c.1/0', ({ workers }) => workers.push(...ran('c.1/0', 'w.1/9'))],
  ['an error without a code', 'untyped', 'c.1/4', (all) => replace(all, 'c.1/4', failed('c.1/4', null))],
  [
    'an error that faults do not explain',
    'unexpected',
    'c.1/4',
    (all) => replace(all, 'c.1/4', failed('c.1/4', 'INVALID_BODY')),
  ],
  [
    'an abort that nobody asked for',
    'unexpected',
    'c.1/4',
    (all) => replace(all, 'c.1/4', failed('c.1/4', 'ABORTED')),
  ],
  [
    'an answer where the handler throws',
    'unexpected',
    'c.1/6',
    (all) => replace(all, 'c.1/6', answered('c.1/6', framesOf('c.1/6', 'w.1/6'))),
  ],
  [
    "another's answer",
    'foreign',
    'c.1/1',
    (all) => replace(all, 'c.1/1', answered('c.1/1', framesOf('c.1/3', 'w.1/3'))),
  ],
  [
    "another's PARTIAL in a stream",
    'foreign',
    'c.1/2',
    (all) =>
      replace(
        all,
        'c.1/2',
        answered('c.1/2', [...framesOf('c.1/2', 'w.2/1', 3, 2), ...framesOf('c.1/3', 'w.1/3', 3).slice(2)]),
      ),
  ],
  [
    'an answer that nobody wrote',
    'unearned',
    'c.1/1',
    (all) => replace(all, 'c.1/1', answered('c.1/1', framesOf('c.1/1', 'w.9/9'))),
  ],
  ['an answer of a run that was never finished', 'unearned', 'c.1/1', ({ workers }) => workers.splice(1, 1)],
  [
    'an altered payload',
    'altered',
    'c.1/1',
    (all) => replace(all, 'c.1/1', answered('c.1/1', framesOf('c.1/1', 'w.1/1'), { intact: false })),
  ],
  ['an empty answer', 'incomplete', 'c.1/1', (all) => replace(all, 'c.1/1', answered('c.1/1', []))],
  [
    'a missing PARTIAL',
    'incomplete',
    'c.1/2',
    (all) => replace(all, 'c.1/2', answered('c.1/2', framesOf('c.1/2', 'w.2/1', 3).toSpliced(1, 1))),
  ],
  [
    'a missing FINAL',
    'incomplete',
    'c.1/2',
    (all) => replace(all, 'c.1/2', answered('c.1/2', framesOf('c.1/2', 'w.2/1', 3, 2))),
  ],
  [
    'PARTIALs out of order',
    'incomplete',
    'c.1/2',
    (all) => replace(all, 'c.1/2', answered('c.1/2', framesOf('c.1/2', 'w.2/1', 3).toReversed())),
  ],
  [
    'a PARTIAL behind the FINAL',
    'incomplete',
    'c.1/2',
    (all) =>
      replace(
        all,
        'c.1/2',
        answered('c.1/2', [
          ...framesOf('c.1/2', 'w.2/1', 3),
          { of: 'c.1/2', run: 'w.2/1', seq: 3, last: false },
        ]),
      ),
  ],
  [
    'a stream out of two runs',
    'mixed',
    'c.1/2',
    (all) =>
      replace(
        all,
        'c.1/2',
        answered('c.1/2', [...framesOf('c.1/2', 'w.1/2', 3, 2), ...framesOf('c.1/2', 'w.2/1', 3)]),
      ),
  ],
  [
    'a missing PARTIAL in a stream that failed',
    'incomplete',
    'c.1/2',
    (all) =>
      replace(
        all,
        'c.1/2',
        failed('c.1/2', 'TIMEOUT', { frames: framesOf('c.1/2', 'w.2/1', 4).slice(1, 3) }),
      ),
  ],
  [
    'one reply out of two runs',
    'mixed',
    'c.1/3',
    (all) => {
      all.workers.push(...ran('c.1/3', 'w.2/9', { attempt: 2 }));
      replace(
        all,
        'c.1/3',
        answered('c.1/3', [...framesOf('c.1/3', 'w.1/3', 4, 2), ...framesOf('c.1/3', 'w.2/9', 4)]),
      );
    },
  ],
  [
    'a request sent to a second broker',
    'resent',
    'c.1/4',
    ({ workers }) => workers.push(...ran('c.1/4', 'w.3/1', { broker: B, attempt: 0 })),
  ],
  [
    'a request sent to one broker twice',
    'resent',
    'c.1/4',
    ({ workers }) => workers.push(...ran('c.1/4', 'w.3/1')),
  ],
];

test.each(PLANTED)('finds %s', (_what, kind, id, plant) => {
  const ledgers = good();
  plant(ledgers);
  expect(kinds(audit(ledgers, RULES).findings)).toContain(`${kind} ${id}`);
});

test('where nothing may fail, a failure is found, but for those that were meant to fail', () => {
  const found = audit(good(), { ...RULES, noFailures: true }).findings;
  expect(kinds(found)).toEqual(['failed c.1/4']);
});

test('where nothing may be run twice, what was is found', () => {
  const found = audit(good(), { ...RULES, noDuplicates: true }).findings;
  expect(kinds(found)).toEqual(['duplicate c.1/2', 'duplicate c.1/4']);
});

test('an outcome within the slack is in time', () => {
  const ledgers = good();
  replace(ledgers, 'c.1/4', failed('c.1/4', 'TIMEOUT', { elapsedMs: 6_000 }));
  expect(audit(ledgers, RULES).findings).toEqual([]);
});

test('every kind of finding has a planted fault', () => {
  const planted = new Set<string>([...PLANTED.map(([, kind]) => kind), 'failed', 'duplicate']);
  expect([...planted].sort()).toEqual(Object.keys(FINDINGS).sort());
});
