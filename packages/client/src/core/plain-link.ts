import type { Protocol } from '@majordomo/protocol';
import type { BrokerState } from './brokers';
import type { Call } from './call';
import type { Queue, Queued } from './queue';

/**
 * One plain socket to one broker.
 *
 * - `opening` → `idle` when the connection stands; → `closed` when it cannot be made.
 * - `idle` → `busy` when a call is sent; → `closed` when it has been idle for long, or the connection breaks.
 * - `busy` → `idle` on the final reply; → `closed` when the call is given up, for a late reply on a socket
 *   that is used again would be taken for the next call's: plain MDP has no request id.
 */
export class PlainLink implements Queued<PlainLink> {
  readonly packed = false;
  state: 'opening' | 'idle' | 'busy' | 'closed' = 'opening';
  call: Call | undefined = undefined;
  queue: Queue<PlainLink> | undefined = undefined;
  ahead: PlainLink | undefined = undefined;
  behind: PlainLink | undefined = undefined;

  constructor(
    readonly id: number,
    readonly broker: BrokerState,
    /** What is spoken on it. */
    readonly speaks: Protocol,
    /** Since when it is opening or idle, in ms. */
    public since: number,
  ) {}
}
