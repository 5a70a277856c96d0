import type { Snapshot } from '../snapshot';
import { SPARK_SECONDS } from './spark';

/** The rates of the last minute: told once at the start, and carried on with each snapshot. */
export class History {
  readonly #services = new Map<string, number[]>();
  #total: number[] = [];

  /** Of one service, the latest last. */
  of(service: string): readonly number[] {
    return this.#services.get(service) ?? [];
  }

  /** Of all services together. */
  get total(): readonly number[] {
    return this.#total;
  }

  add({ services, broker }: Snapshot): void {
    const there = new Set<string>();
    let told: number[] | undefined;
    for (const { service, rate, history } of services) {
      there.add(service);
      if (history.length > 0) {
        this.#services.set(service, [...history]);
        told = sum(told ?? [], history);
      } else if (rate !== null) {
        const before = this.#services.get(service) ?? [];
        this.#services.set(service, [...before.slice(1 - SPARK_SECONDS), rate]);
      }
    }
    for (const service of this.#services.keys()) if (!there.has(service)) this.#services.delete(service);
    this.#total = told ?? [...this.#total.slice(1 - SPARK_SECONDS), broker.rate];
  }
}

/** Adds up two histories that end together. */
function sum(left: readonly number[], right: readonly number[]): number[] {
  const [long, short] = left.length >= right.length ? [left, right] : [right, left];
  const ahead = long.length - short.length;
  return long.map((value, n) => value + (short[n - ahead] ?? 0));
}
