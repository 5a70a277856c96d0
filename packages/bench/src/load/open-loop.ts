import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf } from './check';
import type { Call } from './closed-loop';
import { Latencies, type Percentiles } from './latencies';

/** An open loop: calls are due at a fixed rate, whether or not those before them are answered. */
export interface OpenLoad {
  readonly perSecond: number;
  readonly bytes: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Calls without answer at which the peer counts as overrun and the loop stops. */
  readonly outstandingMax: number;
}

/** What an open loop measured. */
export interface OpenResult {
  /** Calls that were due while it was measured. */
  readonly due: number;
  /** Of those, the calls answered before it ended. */
  readonly answered: number;
  readonly outstandingMost: number;
  /** True where calls piled up to `outstandingMax`: the latencies below are those up to then. */
  readonly overrun: boolean;
  /** From when each call was due, not from when it was sent: the generator's own lateness is in it. */
  readonly latencyUs: Percentiles;
}

/** How often calls are sent, in ms: those due since the last time leave together. */
const TICK_MS = 1;

/**
 * Sends calls at a fixed rate. Latency runs from the moment a call was due, so a stall shows in every call that was
 * due during it and not in one only. Due times lie on a grid of {@link TICK_MS}, the finest that timers can keep.
 */
export async function openLoop(call: Call, load: OpenLoad): Promise<OpenResult> {
  const { perSecond, warmupMs, measureMs, outstandingMax } = load;
  const body = bodyOf(load.bytes);
  const latencies = new Latencies();
  const totalMs = warmupMs + measureMs;
  let due = 0;
  let answered = 0;
  let outstanding = 0;
  let outstandingMost = 0;
  let failure: Error | undefined;

  const send = async (dueMs: number): Promise<void> => {
    outstandingMost = Math.max(outstandingMost, ++outstanding);
    try {
      await call(body);
      if (dueMs < warmupMs) return;
      answered++;
      latencies.record(performance.now() - startedAt - dueMs);
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error(String(error));
    } finally {
      outstanding--;
    }
  };

  const startedAt = performance.now();
  const untilMs = (dueMs: number): number => dueMs - (performance.now() - startedAt);
  let sent = 0;
  for (let tick = 0; tick * TICK_MS < totalMs && outstanding < outstandingMax; tick++) {
    const dueMs = tick * TICK_MS;
    // A timer may ring a little early.
    for (let waitMs = untilMs(dueMs); waitMs > 0; waitMs = untilMs(dueMs)) await sleep(Math.ceil(waitMs));
    if (failure) throw failure;
    for (const upTo = Math.floor((dueMs * perSecond) / 1_000); sent < upTo; sent++) {
      if (dueMs >= warmupMs) due++;
      void send(dueMs);
    }
  }
  const overrun = outstanding >= outstandingMax;
  while (outstanding > 0) await sleep(1);
  if (failure) throw failure;
  return { due, answered, outstandingMost, overrun, latencyUs: latencies.percentiles() };
}
