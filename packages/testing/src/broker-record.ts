import type { Broker, BrokerEvent } from '@majordomo/broker';

/** The events of one type. */
export type EventOf<Type extends BrokerEvent['type']> = Extract<BrokerEvent, { readonly type: Type }>;

/** Events that are kept. */
const EVENTS_MAX = 10_000;

/** The types of events; that it lacks none the compiler sees to. */
const TYPES: Readonly<Record<BrokerEvent['type'], true>> = {
  workerRegistered: true,
  workerLost: true,
  requestRedispatched: true,
  requestExpired: true,
  requestFailed: true,
  replyDropped: true,
  workerFailed: true,
  clientWelcomed: true,
  clientGone: true,
  protocolError: true,
  denied: true,
  keyProven: true,
  connectionRefused: true,
  messageRejected: true,
};

/** Is told each event, or `undefined` where the broker went down; true once it need not be told any more. */
type Watcher = (event: BrokerEvent | undefined) => boolean;

/** Something that is waited for. */
export interface Watch<T> {
  readonly promise: Promise<T>;
  /** Waits no more. */
  stop(): void;
}

/** What one broker after another tells, and what follows from it: who serves what. */
export class BrokerRecord {
  readonly events: BrokerEvent[] = [];
  readonly #workers = new Map<string, number>();
  /** Workers lost so far, by service, and how many of them will be once those that leave now are gone. */
  readonly #lost = new Map<string, number>();
  readonly #leaving = new Map<string, number>();
  readonly #watchers = new Set<Watcher>();
  /** The broker whose word counts: one that has been left says what is over. */
  #current: Broker | undefined;

  /** Listens to this broker, and to no other before it. */
  listen(broker: Broker): void {
    this.down(this.#current);
    this.#current = broker;
    for (const type of Object.keys(TYPES) as BrokerEvent['type'][]) {
      broker.on(type, (event: BrokerEvent) => {
        if (this.#current === broker) this.#add(event);
      });
    }
  }

  /** A broker is down: nobody serves anything, unless another has taken its place. */
  down(broker: Broker | undefined): void {
    if (!broker || this.#current !== broker) return;
    this.#current = undefined;
    this.#workers.clear();
    this.#lost.clear();
    this.#leaving.clear();
    this.#tell(undefined);
  }

  /** How many workers serve a service. */
  workers(service: string): number {
    return this.#workers.get(service) ?? 0;
  }

  /** Resolves once the condition holds, now or after an event. */
  until(condition: () => boolean): Watch<void> {
    if (condition()) return { promise: Promise.resolve(), stop: () => undefined };
    return this.#watch((resolve) => () => {
      if (!condition()) return false;
      resolve();
      return true;
    });
  }

  /** Resolves once so many more workers of a service are gone, beside those that others wait for, or the broker is down. */
  leaving(service: string, count: number): Watch<void> {
    const lost = (): number => this.#lost.get(service) ?? 0;
    const broker = this.#current;
    const target = Math.max(lost(), this.#leaving.get(service) ?? 0) + count;
    if (count > 0) this.#leaving.set(service, target);
    return this.until(() => count === 0 || this.#current !== broker || lost() >= target);
  }

  /** Resolves with the next event of this type that passes the filter. */
  next<Type extends BrokerEvent['type']>(
    type: Type,
    filter: (event: EventOf<Type>) => boolean,
  ): Watch<EventOf<Type>> {
    return this.#watch((resolve) => (event) => {
      if (!isOf(type, event) || !filter(event)) return false;
      resolve(event);
      return true;
    });
  }

  /** What the watcher throws, the promise rejects with. */
  #watch<T>(watcherOf: (resolve: (value: T) => void) => Watcher): Watch<T> {
    let stop = (): void => undefined;
    const promise = new Promise<T>((resolve, reject) => {
      const watcher = watcherOf(resolve);
      const guarded: Watcher = (event) => {
        try {
          return watcher(event);
        } catch (error) {
          reject(error);
          return true;
        }
      };
      stop = () => void this.#watchers.delete(guarded);
      this.#watchers.add(guarded);
    });
    return { promise, stop };
  }

  #add(event: BrokerEvent): void {
    this.events.push(event);
    if (this.events.length > EVENTS_MAX) this.events.shift();
    if (event.type === 'workerRegistered') this.#count(event.service, 1);
    if (event.type === 'workerLost') {
      this.#count(event.service, -1);
      this.#lost.set(event.service, (this.#lost.get(event.service) ?? 0) + 1);
    }
    this.#tell(event);
  }

  #count(service: string, change: number): void {
    const workers = this.workers(service) + change;
    if (workers > 0) this.#workers.set(service, workers);
    else this.#workers.delete(service);
  }

  #tell(event: BrokerEvent | undefined): void {
    for (const watcher of [...this.#watchers]) if (watcher(event)) this.#watchers.delete(watcher);
  }
}

function isOf<Type extends BrokerEvent['type']>(
  type: Type,
  event: BrokerEvent | undefined,
): event is EventOf<Type> {
  return event?.type === type;
}
