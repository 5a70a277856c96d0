import type { BrokerPlan, Plan } from '../plan';
import { HOOKS, type Sight, type Watcher } from '../watcher';
import { Bounds } from './bounds';
import { BrokerWire } from './broker-wire';
import { Outcomes } from './outcomes';
import { Violation } from './violation';

/** As the shell of a broker has them, in ms. */
const TICKS_PER_HEARTBEAT = 10;
const TICK_MS_MAX = 20;

/** A bound below this may keep a call from being served. */
const PLENTY = 1_000;

type Hook = (...args: unknown[]) => void;

/** All checkers of a world, and whoever else looks on: what one of them sees, all see. */
export class Checks {
  /** What those who look on are to be told. */
  readonly sight: Sight;
  /** True where bounds are so small that any call may be refused. */
  readonly mayRefuse: boolean;
  /** The first rule that was broken: a core may catch what is thrown through it, and go on. */
  violation: Violation | undefined;
  readonly #outcomes: Outcomes;
  readonly #bounds: Bounds;

  constructor(plan: Plan, others: readonly Watcher[]) {
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
    const sight: Partial<Record<keyof Sight, Hook>> = {};
    for (const hook of HOOKS) sight[hook] = this.#join(hook, all);
    this.sight = sight as Sight;
  }

  /** One function that tells all who have something to do with it. */
  #join(hook: keyof Sight, all: readonly Watcher[]): Hook {
    const listeners: Hook[] = [];
    for (const watcher of all) {
      const listener = watcher[hook] as Hook | undefined;
      if (listener) listeners.push(listener.bind(watcher));
    }
    if (listeners.length === 0) return () => undefined;
    return (...args) => {
      if (this.violation) throw this.violation;
      try {
        for (const listener of listeners) listener(...args);
      } catch (error) {
        if (error instanceof Violation) this.violation = error;
        throw error;
      }
    };
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
