import { SingleBar } from 'cli-progress';

/** Shows how far a series of requests is. */
export interface Progress {
  update(settled: number): void;
  stop(): void;
}

/** Shows nothing. */
export const NO_PROGRESS: Progress = Object.freeze({ update: () => undefined, stop: () => undefined });

/** A bar on standard error where that is a terminal; elsewhere nothing. */
export function startProgress(total: number): Progress {
  if (!process.stderr.isTTY) return NO_PROGRESS;
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage} % | {value} of {total} | {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  bar.start(total, 0);
  return bar;
}

/** So many are done before anybody has read a bar. */
const WITHOUT_BAR_MAX = 10;

/** A bar where there are many. */
export function startProgressOfMany(total: number): Progress {
  return total > WITHOUT_BAR_MAX ? startProgress(total) : NO_PROGRESS;
}
