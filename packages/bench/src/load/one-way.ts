import { setImmediate as nextTurn } from 'node:timers/promises';
import { bodyOf } from './check';

/** Messages one way: sent as fast as the sender may. */
export interface OneWayLoad {
  readonly count: number;
  readonly bytes: number;
}

/** When sending began and ended. Times are ms since the epoch, of one clock for all processes. */
export interface SendResult {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** A client that sends without waiting for the reply of each message. */
export interface Sender {
  /** Takes a message; a promise where no more should be sent until it resolves. */
  send(body: Uint8Array): Promise<void> | undefined;
  /** Resolves once all messages have left this process. */
  flush(): Promise<void>;
  close(): void | Promise<void>;
}

/** Messages sent before the loop of the process gets a turn where the sender never asks to wait. */
const BURST = 1_000;

/** The clock that all processes of a machine share, in ms. */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Sends the messages, waiting only where the sender asks for it. */
export async function sendAll(sender: Sender, { count, bytes }: OneWayLoad): Promise<SendResult> {
  const body = bodyOf(bytes);
  const startedAtMs = sharedNowMs();
  for (let sent = 1; sent <= count; sent++) {
    const room = sender.send(body);
    if (room) await room;
    else if (sent % BURST === 0) await nextTurn();
  }
  await sender.flush();
  return { startedAtMs, endedAtMs: sharedNowMs() };
}
