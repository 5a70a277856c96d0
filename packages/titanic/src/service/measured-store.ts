import { isMajordomoError } from '@majordomo/protocol';
import type { State } from '../core/lifecycle';
import type { Retention } from '../core/retention';
import type {
  Change,
  Changed,
  ClaimOrder,
  Claims,
  Lease,
  ListPage,
  ListQuery,
  NewRequest,
  Part,
  Renewal,
  RequestStore,
  ServiceHealth,
  Settlement,
  StoreEvents,
  Submitted,
} from '../store/store';
import type { TitanicMeter } from './metrics';
import type { ENDED } from './service-meter';

const OUTCOMES: Readonly<Record<Settlement['outcome'], (typeof ENDED)[number]>> = {
  succeed: 'delivered',
  retry: 'retried',
  release: 'released',
  die: 'dead',
  expire: 'expired',
  fire: 'fired',
};

/** A claim that has not ended. */
interface Open {
  readonly service: string;
  /** When it may leave, in ms, of `performance.now()`. */
  readonly at: number;
}

const keyOf = ({ id, token }: Lease): string => `${id}.${token}`;

/** A store whose operations are measured, and what they come to is counted by service. */
export class MeasuredStore implements RequestStore {
  readonly #store: RequestStore;
  readonly #meter: TitanicMeter;
  readonly #open = new Map<string, Open>();

  constructor(store: RequestStore, meter: TitanicMeter) {
    this.#store = store;
    this.#meter = meter;
  }

  now(): number {
    return this.#store.now();
  }

  async submit(requests: readonly NewRequest[]): Promise<Submitted[]> {
    try {
      const submitted = await this.#timed('submit', () => this.#store.submit(requests));
      for (const [index, { service }] of requests.entries())
        this.#meter.of(service).submitted[submitted[index]?.duplicate ? 'duplicate' : 'stored']++;
      return submitted;
    } catch (error) {
      const outcome = isMajordomoError(error, 'STORE_FULL') ? 'full' : 'failed';
      for (const { service } of requests) this.#meter.of(service).submitted[outcome]++;
      throw error;
    }
  }

  async claim(order: ClaimOrder): Promise<Claims> {
    const claims = await this.#timed('claim', () => this.#store.claim(order));
    const meter = this.#meter;
    const now = this.#store.now();
    const at = performance.now();
    for (const claimed of claims.claimed) {
      const { service, dueAt } = claimed;
      const counted = meter.of(service);
      const waitMs = Math.max(0, claimed.leavesAt - now);
      counted.claimed++;
      counted.lateness.record(Math.max(0, now + waitMs - dueAt));
      this.#open.set(keyOf(claimed), { service, at: at + waitMs });
    }
    for (const service of claims.expired) meter.of(service).expired++;
    for (const service of claims.regained) meter.of(service).leases.regained++;
    for (const service of claims.held) meter.of(service).throttled++;
    return claims;
  }

  async renew(renewals: readonly Renewal[], leaseMs: number): Promise<Lease[]> {
    const lost = await this.#timed('renew', () => this.#store.renew(renewals, leaseMs));
    for (const lease of lost) {
      const open = this.#open.get(keyOf(lease));
      if (open) this.#meter.of(open.service).leases.withdrawn++;
    }
    return lost;
  }

  async settle(settlements: readonly Settlement[], health: readonly ServiceHealth[]): Promise<boolean[]> {
    const taken = await this.#timed('settle', () => this.#store.settle(settlements, health));
    const at = performance.now();
    for (const [index, settlement] of settlements.entries()) this.#settled(settlement, taken[index], at);
    return taken;
  }

  #settled(settlement: Settlement, isTaken: boolean | undefined, at: number): void {
    const open = this.#open.get(keyOf(settlement));
    if (!open) return;
    this.#open.delete(keyOf(settlement));
    const { service } = open;
    const { outcome } = settlement;
    if (!isTaken) {
      this.#meter.of(service).leases.stale++;
      return;
    }
    // Its worker has answered: it is a service, and no name that somebody made up.
    if (outcome === 'succeed') this.#meter.label([service]);
    const counted = this.#meter.of(service);
    counted.ended[OUTCOMES[outcome]]++;
    counted.attempts.record(Math.max(0, at - open.at));
    if (outcome === 'expire') counted.expired++;
    if (outcome === 'die') this.#meter.died(service, codeIn(settlement.error));
  }

  read(ids: readonly string[], parts: readonly Part[]) {
    return this.#timed('read', () => this.#store.read(ids, parts));
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#timed('list', () => this.#store.list(query));
  }

  change(changes: readonly Change[]): Promise<Changed[]> {
    return this.#timed('change', () => this.#store.change(changes));
  }

  remove(ids: readonly string[], only?: State): Promise<number> {
    return this.#timed('remove', () => this.#store.remove(ids, only));
  }

  purge(retention: Retention) {
    return this.#timed('purge', () => this.#store.purge(retention));
  }

  stats() {
    return this.#timed('stats', () => this.#store.stats());
  }

  backlog() {
    return this.#timed('backlog', () => this.#store.backlog());
  }

  subscribe(events: StoreEvents): () => void {
    return this.#store.subscribe(events);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #timed<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
    const from = performance.now();
    try {
      return await work();
    } catch (error) {
      this.#meter.failed(operation, isMajordomoError(error) ? error.code : 'FAILED');
      throw error;
    } finally {
      this.#meter.took(operation, performance.now() - from);
    }
  }
}

/** The code of an error as it is stored. */
function codeIn(error: string): string {
  return String((JSON.parse(error) as { code?: unknown }).code);
}
