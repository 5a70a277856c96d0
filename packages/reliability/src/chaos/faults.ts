import { setTimeout as delay } from 'node:timers/promises';
import type { Cast, PartRole } from './cast';
import type { Network } from './network';
import type { Fault, PlannedFault } from './plan';

/** How many faults of each kind were made. */
export type FaultCounts = Partial<Record<Fault['kind'], number>>;

/**
 * Makes faults as planned, and resolves once all are over: nothing is frozen, stalled, slowed or away any more.
 * @throws RunError where a process does not come back
 */
export async function makeFaults(
  plan: readonly PlannedFault[],
  cast: Cast,
  network: Network,
): Promise<FaultCounts> {
  const counts: FaultCounts = {};
  const startedAt = performance.now();
  const underWay = new Set<Promise<void>>();
  /** The fault that a target has: a process may take longer to come back than the plan has it. */
  const busy = new Set<string>();
  let failure: unknown;
  for (const fault of plan) {
    await delay(Math.max(0, fault.atMs - (performance.now() - startedAt)));
    if (failure !== undefined) break;
    if (busy.has(fault.target)) continue;
    busy.add(fault.target);
    counts[fault.kind] = (counts[fault.kind] ?? 0) + 1;
    const over = makeFault(fault, cast, network)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        busy.delete(fault.target);
        underWay.delete(over);
      });
    underWay.add(over);
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure as Error;
  return counts;
}

async function makeFault(fault: Fault, cast: Cast, network: Network): Promise<void> {
  switch (fault.kind) {
    case 'kill':
    case 'terminate': {
      const role = roleOf(cast, fault.target);
      await role[fault.kind]();
      await delay(fault.forMs);
      await role.start();
      return;
    }
    case 'freeze': {
      const role = roleOf(cast, fault.target);
      role.freeze();
      await delay(fault.forMs);
      role.thaw();
      return;
    }
    case 'cut':
      network.relay(fault.target).cut();
      return;
    case 'refuse': {
      const relay = network.relay(fault.target);
      relay.refuse();
      relay.cut();
      await delay(fault.forMs);
      relay.refuse(false);
      return;
    }
    case 'stall': {
      const relay = network.relay(fault.target);
      relay.stall();
      await delay(fault.forMs);
      relay.resume();
      return;
    }
    case 'slow': {
      const relay = network.relay(fault.target);
      relay.slow(fault);
      await delay(fault.forMs);
      relay.slow({});
      return;
    }
  }
}

function roleOf({ all }: Cast, name: string): PartRole {
  const role = all.find((each) => each.name === name);
  if (!role) throw new RangeError(`there is no process ${name}`);
  return role;
}
