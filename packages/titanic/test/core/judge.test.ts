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

test.each([0, 0.3333, 0.999_999])('what is tried again is due at a whole ms: %f', (random) => {
  const attempt = { attempts: 1, expiresAt: undefined, rules };
  const { dueAt } = judge({ code: 'TIMEOUT', message: '' }, attempt, T, random);
  expect(Number.isSafeInteger(dueAt)).toBe(true);
  expect(dueAt).toBeGreaterThanOrEqual(T + 50);
  expect(dueAt).toBeLessThanOrEqual(T + 100);
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
