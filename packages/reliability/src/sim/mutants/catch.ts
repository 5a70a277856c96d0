import { Worker } from 'node:worker_threads';
import type { Mutant } from '../../mutant';
import { bundle } from './build';
import { scenarios } from './scenarios';
import type { HuntData, MutantCatch } from './subject';

/** What became of a planted bug. */
export interface MutantResult {
  readonly mutant: Mutant;
  /** What caught it first, and how; `undefined` where nothing did. */
  readonly caught: MutantCatch | undefined;
}

/** A mutant that runs in circles where no check sees it is not caught, and must not keep the others from it. */
const STUCK_MS = 120_000;

/** Hunts one planted bug, or the code as it is. */
export async function catchMutant(
  mutant: Mutant | undefined,
  data: HuntData,
): Promise<MutantCatch | undefined> {
  const thread = new Worker(await bundle(mutant), { eval: true, workerData: data });
  let stuck: NodeJS.Timeout | undefined;
  try {
    return await new Promise<MutantCatch | undefined>((resolve, reject) => {
      stuck = setTimeout(() => resolve(undefined), STUCK_MS);
      thread.once('message', resolve);
      thread.once('error', reject);
    });
  } finally {
    clearTimeout(stuck);
    await thread.terminate();
  }
}

/** Hunts planted bugs, two at a time: with the scenarios, then with so many seeds each. */
export async function catchAll(
  mutants: readonly Mutant[],
  seeds: { readonly start: number; readonly seeds: number },
  done: (result: MutantResult) => void = () => undefined,
): Promise<MutantResult[]> {
  const results: MutantResult[] = [];
  const left = [...mutants];
  const known = scenarios();
  const hunter = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const data = { scenarios: known, ...seeds };
      const result = { mutant, caught: await catchMutant(mutant, data) };
      results.push(result);
      done(result);
    }
  };
  await Promise.all([hunter(), hunter()]);
  return results.sort((one, other) => mutants.indexOf(one.mutant) - mutants.indexOf(other.mutant));
}
