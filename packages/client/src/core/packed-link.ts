import type { BodyBound } from './body-bound';
import type { BrokerState } from './brokers';
import type { Call } from './call';
import { Queue } from './queue';

/**
 * One connection to one broker that carries a packed session, and any number of calls at once.
 *
 * - `opening` → `greeting` when the connection stands and HELLO is on its way; → `closed` when it cannot be made.
 * - `greeting` → `ready` on WELCOME; → `closed` when none comes, or the broker turns out to be a plain one.
 * - `ready` → `draining` when the broker says that it takes no more; → `closed` when it is lost: the connection
 *   broke, the broker was silent for too long, said DISCONNECT, or sent what has no place.
 * - `draining` → `closed` when the last of its calls has ended, or it is lost.
 */
export class PackedLink {
  readonly packed = true;
  state: 'opening' | 'greeting' | 'ready' | 'draining' | 'closed' = 'opening';
  /** The calls that it carries, in the order in which they were sent. */
  readonly calls = new Queue<Call>();
  /** When WELCOME must have come, in ms. */
  welcomeBy = Infinity;
  /** True once others were asked to be tried beside it, because it took long. */
  passedOver = false;
  /** The longest that either side leaves between two messages, in ms: what WELCOME states. */
  heartbeatMs = 0;
  /** When something was last sent, in ms. */
  sentAt = 0;
  /** When something was last heard, in ms. */
  heardAt = 0;
  /** When {@link heardAt} was last judged, in ms. */
  checkedAt = 0;
  /** Holds bodies within what the broker takes; `undefined` where the client takes no more itself. */
  bound: BodyBound | undefined = undefined;

  constructor(
    readonly id: number,
    readonly broker: BrokerState,
    /** Since when it is opening, in ms. */
    readonly since: number,
  ) {}
}
