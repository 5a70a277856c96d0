import { Worker } from 'node:worker_threads';
import type { Catch } from '../hunt';
import { bundle } from './build';
import type { HuntData } from './subject';
import type { Mutant } from './table';

/** What became of a planted bug. */
export interface MutantResult {
  readonly mutant: Mutant;
  /** The first seed that caught it, and how; `undefined` where none did. */
  readonly caught: Catch | undefined;
}

/** A mutant may run in circles: that catches it, too. */
const STUCK_MS = 60_000;

/** Hunts one planted bug, or the code as it is, with so many seeds. */
export async function catchMutant(mutant: Mutant | undefined, data: HuntData): Promise<Catch | undefined> {
  const thread = new Worker(await bundle(mutant), { eval: true, workerData: data });
  let stuck: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Catch | undefined>((resolve, reject) => {
      stuck = setTimeout(() => {
        resolve({ seed: data.start, check: 'stuck', detail: `no end within ${STUCK_MS} ms` });
      }, STUCK_MS);
      thread.once('message', resolve);
      thread.once('error', reject);
    });
  } finally {
    clearTimeout(stuck);
    await thread.terminate();
  }
}

/**
 * Hunts planted bugs, two at a time, each with so many seeds.
 * @param start - the first seed; where it is not given, that which is known to catch it, for a suite that is in a hurry
 */
export async function catchAll(
  mutants: readonly Mutant[],
  { start, seeds }: { readonly start?: number; readonly seeds: number },
  done: (result: MutantResult) => void = () => undefined,
): Promise<MutantResult[]> {
  const results: MutantResult[] = [];
  const left = [...mutants];
  const hunter = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const data = { start: start ?? mutant.from ?? 1, seeds };
      const result = { mutant, caught: await catchMutant(mutant, data) };
      results.push(result);
      done(result);
    }
  };
  await Promise.all([hunter(), hunter()]);
  return results.sort((one, other) => mutants.indexOf(one.mutant) - mutants.indexOf(other.mutant));
}
