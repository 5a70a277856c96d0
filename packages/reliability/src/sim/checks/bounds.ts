import type { BrokerEvent } from '../../../../broker/src/core/outbound';
import type { BrokerPlan } from '../plan';
import type { Watcher, BrokerRun } from '../watcher';
import { Violation } from './violation';

/** How often a broker is asked how much it holds, in turns. */
const ASK_EVERY = 32;

/** A worker that gives a request back closes its connection, which may be noticed before its DISCONNECT is heard. */
const LEAVING: readonly string[] = ['disconnected', 'connection_closed'];

/** Asks brokers how they are, as `mmi.broker` would answer, and holds that to their bounds and to itself. */
export class Bounds implements Watcher {
  /** True once workers of a calm world have a reason to leave. */
  leaving = false;
  #turns = 0;
  /** Requests that came back from lost workers, by run: they may wait beyond the bound of a queue. */
  readonly #returned = new Map<BrokerRun, number>();

  constructor(
    private readonly plans: ReadonlyMap<string, BrokerPlan>,
    private readonly calm: boolean,
  ) {}

  settled(broker: BrokerRun): void {
    if (++this.#turns % ASK_EVERY !== 0) return;
    const plan = this.plans.get(broker.name) as BrokerPlan;
    const { core } = broker;
    let queued = 0;
    for (const { queue } of core.services.values()) queued += queue.length;
    const services = core.services.size;
    const insist = (what: string, is: number, max: number): void => {
      if (is > max) throw new Violation('bounds', `${is} ${what} at ${broker.name}, beyond ${max}`);
    };
    insist('services', services, plan.servicesMax);
    insist('workers', core.workers.size, plan.workersMax);
    insist('bytes', core.pendingBytes, plan.pendingBytesMax);
    insist('clients in session', core.clientSessions, plan.clientsMax);
    // What waits when a worker leaves in the turn in which it would have been given it is beyond no bound.
    const excess = (this.#returned.get(broker) ?? 0) + core.counters.workersLost;
    insist('requests waiting', queued, services * plan.queueMax + excess);
  }

  event(broker: BrokerRun, event: BrokerEvent): void {
    if (event.type === 'workerLost') {
      this.#returned.set(broker, (this.#returned.get(broker) ?? 0) + event.held);
    }
    if (!this.calm || this.leaving) return;
    const left = event.type === 'workerLost' && LEAVING.includes(event.reason);
    if (event.type === 'workerLost' && !left) {
      throw new Violation('calm', `a worker of ${event.service} was given up as ${event.reason}`);
    }
    if (event.type === 'protocolError') throw new Violation('calm', `a peer was refused: ${event.detail}`);
    if (event.type === 'messageRejected') {
      throw new Violation(
        'calm',
        `a message was refused: ${event.rejection.reason} ${event.rejection.detail}`,
      );
    }
  }
}
