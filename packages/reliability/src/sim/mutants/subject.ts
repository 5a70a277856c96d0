import { parentPort, workerData } from 'node:worker_threads';
import { hunt } from '../hunt';
import { runPlan } from '../run';
import type { Scenario } from './scenarios';

/** What a planted bug is hunted with: the scenarios first, then seeds. */
export interface HuntData {
  readonly scenarios: readonly Scenario[];
  readonly start: number;
  readonly seeds: number;
}

/** How a planted bug was caught: by a scenario or a seed, and by which check. */
export interface MutantCatch {
  readonly by: string;
  readonly check: string;
  readonly detail: string;
}

function catchIt({ scenarios, start, seeds }: HuntData): MutantCatch | undefined {
  for (const { name, plan } of scenarios) {
    const failure = runPlan(plan);
    if (failure) return { by: name, ...failure };
  }
  const [caught] = hunt({ start, seeds, catchMax: 1 }).caught;
  return caught && { by: `seed ${caught.seed}`, check: caught.check, detail: caught.detail };
}

// The program of the thread that a mutant runs in: the whole simulation, with one text changed.
parentPort?.postMessage(catchIt(workerData as HuntData));
