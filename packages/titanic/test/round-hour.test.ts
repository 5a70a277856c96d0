import { DEFAULT_LIMITS } from '@majordomo/protocol';
import type { Client } from '@majordomo/client';
import { EventEmitter } from 'node:events';
import { packFrames } from '../src/core/frames';
import { afterClaim, allowance, departuresOf, type PaceState } from '../src/core/pace';
import { RuleBook } from '../src/service/options';
import { Runner } from '../src/service/runner';
import type { Claimed, ClaimOrder, Claims, RequestStore, Settlement } from '../src/store/store';

const PER_SECOND = 1_000;
/** What the pace may save up where nobody says. */
const BURST = 50;
const SETTLE_MS = 40;
const WORK_MS = 10;
const RUN_MS = 3_000;

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A store in which more is due than is ever claimed, all of one service; every call takes its time. */
function slowStore(claimMs: () => number, isAhead: boolean): RequestStore {
  let state: PaceState | undefined;
  let made = 0;
  const toClaimed = (leavesAt: number): Claimed => ({
    id: `${++made}`,
    token: 1,
    service: 'mail',
    body: packFrames([Buffer.from('hello')]),
    priority: 4,
    dueAt: 0,
    expiresAt: undefined,
    submittedAt: 0,
    attempts: 1,
    terms: undefined,
    error: undefined,
    leavesAt,
  });
  const store: Partial<RequestStore> = {
    now: () => Date.now(),
    subscribe: () => () => undefined,
    claim: async ({ max, paces, aheadMs }: ClaimOrder): Promise<Claims> => {
      const ms = claimMs();
      await sleep(ms / 2);
      const now = Date.now();
      const pace = paces.get('mail')!;
      const allowed = allowance(pace, state, 0, now, isAhead ? aheadMs : 0);
      const count = Math.min(max, allowed.count);
      const leavesAt = departuresOf(pace, state, now);
      if (count > 0) state = afterClaim(pace, state, count, now);
      await sleep(ms / 2);
      return {
        claimed: Array.from({ length: count }, (_, place) => toClaimed(leavesAt(place))),
        nextAt: count < allowed.count ? now : allowed.nextAt,
        isEndAwaited: count === max,
        expired: [],
        regained: [],
        held: ['mail'],
      };
    },
    settle: async (settlements: readonly Settlement[]) => {
      await sleep(SETTLE_MS);
      return settlements.map(() => true);
    },
    renew: async () => [],
  };
  return store as RequestStore;
}

/** What a titanic delivered within {@link RUN_MS}: when, and how much at one time. */
async function roundHour(options: {
  claimMs: () => number;
  isAhead?: boolean;
  concurrency?: number;
}): Promise<{ times: number[]; together: number }> {
  const { claimMs, isAhead = true, concurrency = 256 } = options;
  const times: number[] = [];
  let running = 0;
  let together = 0;
  const client = new EventEmitter() as unknown as Client;
  client.request = (async (service: string) => {
    if (service === 'mmi.service') client.emit('brokerUp', { endpoint: 'tcp://here' } as never);
    else {
      times.push(Date.now());
      together = Math.max(together, ++running);
      await sleep(WORK_MS);
      running--;
    }
    return { frames: [new Uint8Array(1)], metadata: {} };
  }) as never;
  const silent = () => undefined;
  const runner = new Runner({
    store: slowStore(claimMs, isAhead),
    client,
    rules: new RuleBook({
      defaults: { attempts: 10, backoffMinMs: 1_000, backoffMaxMs: 300_000, timeoutMs: 60_000 },
      services: { mail: { perSecond: PER_SECOND } },
    }),
    owner: 'tester',
    concurrency,
    inHandBytesMax: 1 << 30,
    leaseMs: 30_000,
    bodyBytesMax: 1 << 20,
    limits: DEFAULT_LIMITS,
    tracing: undefined,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const startedAt = Date.now();
  runner.start();
  await jest.advanceTimersByTimeAsync(RUN_MS);
  const seen = { times: times.filter((at) => at < startedAt + RUN_MS), together };
  const stopped = runner.stop(0);
  await jest.advanceTimersByTimeAsync(10_000);
  await stopped;
  return seen;
}

/** The most that left within one second. */
function mostInASecond(times: readonly number[]): number {
  let first = 0;
  return Math.max(
    ...times.map((at, index) => {
      while (times[first]! <= at - 1_000) first++;
      return index - first + 1;
    }),
  );
}

/** Several durations, one after another, over and over. */
function inTurn(...durations: readonly number[]): () => number {
  let calls = 0;
  return () => durations[calls++ % durations.length]!;
}

test.each([
  ['2 ms', inTurn(2)],
  ['80 ms', inTurn(80)],
  ['160 ms', inTurn(160)],
  ['10 to 150 ms', inTurn(10, 150, 40, 20, 120, 90)],
])('a service is given out at its pace, and no faster, where a claim takes %s', async (_, claimMs) => {
  const { times } = await roundHour({ claimMs });
  expect(times.length).toBeGreaterThan(0.95 * PER_SECOND * (RUN_MS / 1_000) - 200);
  // From the second second on, when it is known what claims take.
  const later = times.filter((at) => at >= times[0]! + 1_000);
  const perSecond = (later.length * 1_000) / (later.at(-1)! - times[0]! - 1_000);
  expect(perSecond).toBeGreaterThan(0.98 * PER_SECOND);
  expect(mostInASecond(times)).toBeLessThanOrEqual(PER_SECOND + BURST + 5);
});

test('without going ahead, a pace was lost wherever claims were further apart than the burst lasts', async () => {
  const { times } = await roundHour({ claimMs: inTurn(80), isAhead: false });
  const perSecond = times.length / (RUN_MS / 1_000);
  expect(perSecond).toBeGreaterThan(500);
  expect(perSecond).toBeLessThan(650);
});

test('what is claimed ahead takes no place before it leaves', async () => {
  const { times, together } = await roundHour({ claimMs: inTurn(20), concurrency: 50 });
  expect(together).toBe(50);
  expect(times.length).toBeGreaterThan(0.9 * PER_SECOND * (RUN_MS / 1_000));
});
