import { isMajordomoError, type Logger } from '@majordomo/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import type { Verdict } from '../core/judge';
import type { RequestStore, ServiceHealth, Settlement } from '../store/store';

/** A settlement on its way to the store. */
interface Pending {
  readonly settlement: Settlement;
  readonly service: string;
  readonly health: Verdict['health'];
  readonly done: () => void;
}

/** The wait before the store is tried again after it failed, in ms. */
const RETRY_MS = 200;

/**
 * Ends claims in the store. What ends while the store is at work goes to it together. A store that fails is tried again
 * until it takes them: until then, the claims stay in hand. One that cannot be taken does not hold up the others.
 */
export class Settler {
  readonly #store: RequestStore;
  readonly #logger: Logger;
  #waiting: Pending[] = [];
  #isWorking = false;
  #isStopped = false;

  constructor(store: RequestStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Resolves once the store has it, or its lease is void, or the settler was stopped. */
  settle(settlement: Settlement, service: string, health: Verdict['health']): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ settlement, service, health, done });
      if (!this.#isWorking) void this.#work();
    });
  }

  /** Tries no more. Leases that are left run out. */
  stop(): void {
    this.#isStopped = true;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // What ends in this turn goes together.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#take(group);
    }
    this.#isWorking = false;
  }

  async #take(group: readonly Pending[]): Promise<void> {
    if (await this.#try(group)) return;
    for (const each of group) {
      if (this.#isStopped) each.done();
      else if (group.length === 1 || !(await this.#try([each]))) void this.#later(each);
    }
  }

  async #later(pending: Pending): Promise<void> {
    await delay(RETRY_MS);
    if (this.#isStopped) {
      pending.done();
      return;
    }
    this.#waiting.push(pending);
    if (!this.#isWorking) void this.#work();
  }

  async #try(group: readonly Pending[]): Promise<boolean> {
    try {
      const settlements = group.map(({ settlement }) => settlement);
      const taken = await this.#store.settle(settlements, healthOf(group));
      for (const [index, { settlement, service }] of group.entries()) {
        if (taken[index]) continue;
        const { id, token, outcome } = settlement;
        this.#logger.warn(
          { event: 'outcomeDropped', service, id, token, outcome },
          'an outcome was dropped: its lease is void',
        );
      }
      for (const { done } of group) done();
      return true;
    } catch (error) {
      if (isMajordomoError(error, 'CLOSED')) this.stop();
      this.#logger.error(
        { event: 'settleFailed', outcomes: group.length, err: error },
        'the store does not take outcomes: they are tried again',
      );
      return false;
    }
  }
}

/** How services fared, by what became of their requests. */
function healthOf(group: readonly Pending[]): ServiceHealth[] {
  const services = new Map<string, { service: string; answered: number; failed: number; absent: number }>();
  for (const { service, health } of group) {
    if (!health) continue;
    let entry = services.get(service);
    if (!entry) services.set(service, (entry = { service, answered: 0, failed: 0, absent: 0 }));
    entry[health]++;
  }
  return [...services.values()];
}
