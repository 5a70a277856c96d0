import { checkEcho } from '../load/check';
import { closedLoop, countedCalls } from '../load/closed-loop';
import { openLoop } from '../load/open-loop';
import type { RunningPart } from './part';

/** What the load generators know of a client: the one call that they measure. */
export interface Caller<Reply = unknown> {
  /** Sends a body to the echo and resolves with its reply; a rejection fails the run. */
  call(body: Uint8Array): Promise<Reply>;
  /** Bytes of the body in a reply: looked at before the measurement, not in it. */
  bytesOf(reply: Reply): number;
  close(): void | Promise<void>;
}

/** The client part: every load that a parent can ask for, on this caller. */
export function clientPart<Reply>(caller: Caller<Reply>): RunningPart {
  const call = (body: Uint8Array): Promise<unknown> => caller.call(body);
  return {
    answers: {
      load: async (load) => {
        await checkEcho(caller, load.bytes);
        return closedLoop(call, load);
      },
      open: (load) => openLoop(call, load),
      calls: ({ inFlight, bytes, count }) => countedCalls(call, inFlight, bytes, count),
    },
    close: () => caller.close(),
  };
}
