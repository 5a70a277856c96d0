import { setTimeout as delay } from 'node:timers/promises';
import { countResources, excess, type Resources } from './resources';
import { watchThreads } from './watch-threads';
import { watchTimers } from './watch-timers';
import { watchZmqSockets } from './watch-zmq-sockets';

/** How `leakCheck` waits. */
export interface LeakCheckOptions {
  /** How long what a test has closed may take to be gone. Default: 20,000, for a machine may stand still for seconds. */
  timeoutMs?: number;
}

const POLL_MS = 10;

/**
 * Fails every test of this file that leaves something behind: timers (unref'd ones too), sockets of ZeroMQ and
 * TCP, servers, child processes, threads. What was there before the test does not count. Call it once, at the top of the
 * file; all `afterEach` hooks run before the check, whatever the order in which they were declared.
 */
export function leakCheck({ timeoutMs = 20_000 }: LeakCheckOptions = {}): void {
  const timers = watchTimers();
  const sockets = watchZmqSockets();
  const threads = watchThreads();
  let before: Resources = new Map();
  const count = (): Resources =>
    countResources({ timers: timers.live(), zmqSockets: sockets.live(), threads: threads.live() });

  const check = async (): Promise<void> => {
    const deadline = performance.now() + timeoutMs;
    let left = excess(before, count());
    while (left.length > 0 && performance.now() < deadline) {
      await delay(POLL_MS);
      left = excess(before, count());
    }
    if (left.length > 0)
      throw new Error(`the test left behind, ${timeoutMs} ms after its end:\n${left.join('\n')}`);
  };

  beforeAll(() => runLast(check));
  beforeEach(() => {
    before = count();
  });
  afterEach(check, timeoutMs + 5000);
  afterAll(() => {
    timers.stop();
    sockets.stop();
    threads.stop();
  });
}

interface CircusState {
  rootDescribeBlock?: { hooks: { type: string; fn: unknown }[] };
}

/**
 * Moves the hook behind all others of the file. Jest runs `afterEach` hooks in the order of their declaration,
 * so a check declared at the top would run before the file's own clean-up; its state is the one place to say so.
 */
function runLast(hook: unknown): void {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(
    ({ description }) => description === 'JEST_STATE_SYMBOL',
  );
  const state = symbol && (globalThis as unknown as Record<symbol, CircusState>)[symbol];
  const hooks = state?.rootDescribeBlock?.hooks;
  const index = hooks?.findIndex(({ fn }) => fn === hook) ?? -1;
  if (hooks === undefined || index < 0) throw new Error('leakCheck(): must be called outside of describe()');
  hooks.push(...hooks.splice(index, 1));
}
