import { backoffMs } from '@majordomo/protocol';
import fc from 'fast-check';
import { judge, type Verdict } from '../../src/core/judge';
import { parseTerms, formatTerms, rulesFor } from '../../src/core/terms';

const T = 1_000_000;
const rules = { attempts: 3, backoff: { minMs: 100, maxMs: 1_000 }, timeoutMs: 500 };
const verdictOn = (failure: object, attempt: object = {}): Verdict =>
  judge(
    { code: 'TIMEOUT', message: '', ...failure },
    { attempts: 1, expiresAt: undefined, rules, ...attempt },
    T,
    0,
  );

test.each([
  [{ code: 'TIMEOUT' }, {}, 'retry', 'failed'],
  [{ code: 'TIMEOUT' }, { attempts: 3 }, 'die', 'failed'],
  [{ code: 'TIMEOUT' }, { attempts: 4 }, 'die', 'failed'],
  [{ code: 'TIMEOUT' }, { expiresAt: T + 50 }, 'expire', 'failed'],
  [{ code: 'TIMEOUT' }, { expiresAt: T + 51 }, 'retry', 'failed'],
  [{ code: 'TIMEOUT', absent: true }, { attempts: 3 }, 'release', 'absent'],
  [{ code: 'NO_WORKER' }, { attempts: 3 }, 'release', 'absent'],
  [{ code: 'NO_WORKER' }, { expiresAt: T }, 'expire', 'absent'],
  [{ code: 'QUEUE_FULL' }, {}, 'release', 'absent'],
  [{ code: 'EXPIRED' }, {}, 'release', 'absent'],
  [{ code: 'ABORTED' }, { attempts: 3 }, 'release', undefined],
  [{ code: 'CLOSED' }, { expiresAt: T }, 'expire', undefined],
  [{ code: 'WORKER_FAILED', retryable: true }, {}, 'retry', 'failed'],
  [{ code: 'WORKER_FAILED', retryable: false }, {}, 'die', 'answered'],
  [{ code: 'WORKER_FAILED' }, {}, 'die', 'answered'],
  [{ code: 'MESSAGE_TOO_LARGE' }, {}, 'die', undefined],
  [{ code: 'ATTEMPTS_EXHAUSTED' }, {}, 'retry', 'failed'],
  [{ code: 'CONNECTION_LOST' }, { attempts: 3 }, 'die', 'failed'],
  [{ code: 'BROKER_DRAINING' }, {}, 'retry', 'failed'],
  [{ code: 'A_CODE_OF_THE_FUTURE' }, {}, 'retry', 'failed'],
] as const)('%j with %j: %s', (failure, attempt, outcome, health) => {
  expect(verdictOn(failure, attempt)).toMatchObject({ outcome, health });
});

test('waits double, half of them random, between their bounds', () => {
  expect([1, 2, 3, 4, 5, 99].map((n) => backoffMs(n, rules.backoff, 0))).toEqual([
    50, 100, 200, 400, 500, 500,
  ]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, r) => {
        const ms = backoffMs(n, rules.backoff, r);
        expect(ms).toBeGreaterThanOrEqual(50);
        expect(ms).toBeLessThanOrEqual(1_000);
      },
    ),
  );
});

test('a request’s own terms come before those of its service', () => {
  expect(rulesFor({}, rules)).toEqual(rules);
  expect(rulesFor({ attempts: 9, backoffMinMs: 5_000 }, rules)).toEqual({
    attempts: 9,
    backoff: { minMs: 5_000, maxMs: 5_000 },
    timeoutMs: 500,
  });
  expect(formatTerms({ attempts: undefined })).toBeUndefined();
  expect(parseTerms(formatTerms({ attempts: 2 }))).toEqual({ attempts: 2 });
  expect(parseTerms(undefined)).toEqual({});
});
