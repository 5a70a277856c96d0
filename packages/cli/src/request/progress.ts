import { SingleBar } from 'cli-progress';

/** Shows how far a series of requests is. */
export interface Progress {
  update(settled: number): void;
  stop(): void;
}

/** A bar on standard error where that is a terminal; elsewhere nothing. */
export function startProgress(total: number): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage} % | {value} of {total} | {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  bar.start(total, 0);
  return bar;
}
