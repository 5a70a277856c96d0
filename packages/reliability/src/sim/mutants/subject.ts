import { parentPort, workerData } from 'node:worker_threads';
import { hunt } from '../hunt';

/** What a planted bug is hunted with. */
export interface HuntData {
  readonly start: number;
  readonly seeds: number;
}

/** The program of the thread that a mutant runs in: the whole simulation, with one text changed. */
const { start, seeds } = workerData as HuntData;
parentPort?.postMessage(hunt({ start, seeds, catchMax: 1 }).caught[0]);
