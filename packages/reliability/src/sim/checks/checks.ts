import type { BrokerPlan, Plan } from '../plan';
import { Watcher } from '../watcher';
import { Bounds } from './bounds';
import { BrokerWire } from './broker-wire';
import { Outcomes } from './outcomes';
import { Violation } from './violation';

/** As the shell of a broker has them, in ms. */
const TICKS_PER_HEARTBEAT = 10;
const TICK_MS_MAX = 20;

/** A bound below this may keep a call from being served. */
const PLENTY = 1_000;

type Hook = Exclude<keyof Watcher, never>;

/** All checkers of a world, and whoever else looks on: what one of them sees, all see. */
export class Checks extends Watcher {
  /** True where bounds are so small that any call may be refused. */
  readonly mayRefuse: boolean;
  readonly #outcomes: Outcomes;
  readonly #bounds: Bounds;

  constructor(plan: Plan, others: readonly Watcher[]) {
    super();
    const plans = new Map<string, BrokerPlan & { readonly tickMs: number }>();
    for (const broker of plan.brokers) {
      const tickMs = Math.min(TICK_MS_MAX, broker.heartbeatMs / TICKS_PER_HEARTBEAT);
      plans.set(broker.name, { ...broker, tickMs });
    }
    // A broker that could not answer in time is taken to speak MDP/0.2 for a while: docs/ARCHITECTURE.md, "silent".
    this.mayRefuse = plan.brokers.some(({ queueMax, only }) => queueMax < PLENTY || only === 'mdp/0.1');
    const { leastMs, spreadMs } = plan.weather;
    this.#outcomes = new Outcomes(plan.calm);
    this.#bounds = new Bounds(plans, plan.calm);
    const all: Watcher[] = [
      ...others,
      new BrokerWire(plans, plan.calm, leastMs + spreadMs),
      this.#outcomes,
      this.#bounds,
    ];
    for (const hook of HOOKS) this.#join(hook, all);
  }

  /** Calls those alone that listen to a hook. */
  #join(hook: Hook, all: readonly Watcher[]): void {
    const listeners = all.filter((watcher) => watcher[hook] !== Watcher.prototype[hook]);
    const [only] = listeners;
    const table = this as unknown as Record<Hook, (...args: unknown[]) => void>;
    const bound = listeners.map((each) => (each[hook] as (...args: unknown[]) => void).bind(each));
    const [first, second] = bound;
    if (!only || !first) return;
    if (bound.length === 1) table[hook] = first;
    else if (bound.length === 2 && second) {
      table[hook] = (...args) => {
        first(...args);
        second(...args);
      };
    } else {
      table[hook] = (...args) => {
        for (const listener of bound) listener(...args);
      };
    }
  }

  /** From now on workers have a reason to leave. */
  leaving(): void {
    this.#bounds.leaving = true;
  }

  /** True while a call has no outcome. */
  get anyPending(): boolean {
    return this.#outcomes.pendingCount > 0;
  }

  /** @throws Violation where a call has no outcome when all should have one */
  allEnded(): void {
    for (const number of this.#outcomes.pending) throw new Violation('one end', `${number} has not ended`);
  }
}

const HOOKS = Object.getOwnPropertyNames(Watcher.prototype).filter(
  (name) => name !== 'constructor',
) as Hook[];
