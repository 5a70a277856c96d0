import type { Plan } from './plan';

/** The lists of a plan whose items can be left out, those that matter least first. */
const LISTS = ['foreign', 'faults', 'calls', 'clients', 'workers'] as const;

/** Runs of worlds that shrinking may take. */
const RUNS_MAX = 600;

/**
 * Makes a plan that fails smaller for as long as it fails in the same way: leaves out faults, calls, peers (delta
 * debugging: half of them, then quarters, down to one), then simplifies what is left.
 * @param fails - runs a plan; true where it fails as the first did
 */
export function shrink(plan: Plan, fails: (plan: Plan) => boolean): Plan {
  return new Shrinker(fails).shrink(plan);
}

class Shrinker {
  #runs = 0;

  constructor(private readonly fails: (plan: Plan) => boolean) {}

  #stillFails(plan: Plan): boolean {
    return ++this.#runs <= RUNS_MAX && this.fails(plan);
  }

  shrink(plan: Plan): Plan {
    let smallest = plan;
    for (let size = Infinity; sizeOf(smallest) < size;) {
      size = sizeOf(smallest);
      for (const list of LISTS) smallest = this.#without(smallest, list);
      smallest = this.#fewerBrokers(smallest);
      smallest = this.#simpler(smallest);
    }
    return smallest;
  }

  /** Leaves out as much of one list as it can. */
  #without(plan: Plan, list: (typeof LISTS)[number]): Plan {
    let smallest = plan;
    for (let chunk = Math.ceil(plan[list].length / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
      for (let at = 0; at < smallest[list].length;) {
        const items: readonly unknown[] = smallest[list];
        const rest = [...items.slice(0, at), ...items.slice(at + chunk)];
        const smaller = { ...smallest, [list]: rest };
        if (this.#stillFails(smaller)) smallest = smaller;
        else at += chunk;
      }
    }
    return smallest;
  }

  #fewerBrokers(plan: Plan): Plan {
    let smallest = plan;
    for (const { name } of plan.brokers) {
      if (smallest.brokers.length === 1) return smallest;
      const keep = (names: readonly string[]): string[] => names.filter((each) => each !== name);
      const smaller: Plan = {
        ...smallest,
        brokers: smallest.brokers.filter((broker) => broker.name !== name),
        clients: smallest.clients.map((client) => ({ ...client, brokers: keep(client.brokers) })),
        workers: smallest.workers.map((worker) => ({ ...worker, brokers: keep(worker.brokers) })),
      };
      if (this.#stillFails(smaller)) smallest = smaller;
    }
    return smallest;
  }

  /** The same with less of what may not matter: slow networks, large bodies, many places for handlers. */
  #simpler(plan: Plan): Plan {
    const ways: ((plan: Plan) => Plan)[] = [
      (each) => ({ ...each, weather: { ...each.weather, leastMs: 0.25, spreadMs: 0, stragglers: 0 } }),
      (each) => ({
        ...each,
        workers: each.workers.map((worker) => ({ ...worker, concurrency: 1, turnMs: 0 })),
      }),
      (each) => ({ ...each, clients: each.clients.map((client) => ({ ...client, turnMs: 0 })) }),
      (each) => ({ ...each, brokers: each.brokers.map((broker) => ({ ...broker, turnMs: 0 })) }),
      (each) => ({
        ...each,
        calls: each.calls.map((call) => ({ ...call, bytes: 0, work: { ...call.work, padding: 0 } })),
      }),
      (each) => ({ ...each, calls: each.calls.map((call) => ({ ...call, retries: 0, priority: 4 })) }),
    ];
    let smallest = plan;
    for (const way of ways) {
      const simpler = way(smallest);
      if (JSON.stringify(simpler) !== JSON.stringify(smallest) && this.#stillFails(simpler))
        smallest = simpler;
    }
    return smallest;
  }
}

function sizeOf(plan: Plan): number {
  let size = plan.brokers.length;
  for (const list of LISTS) size += plan[list].length;
  return size;
}
