import type { RequestStatus } from '@majordomo/titanic';
import { SingleBar } from 'cli-progress';
import { printable } from '../format';

const EVERY_MS = 500;
const TEXT_LENGTH_MAX = 60;

/** How far a worker says that it is: `40 %`, `40.5%`, `2/5` or `2 of 5` as a share of 1; `undefined` where it says no such thing. */
export function shareOf(progress: string): number | undefined {
  const [, percent] = /^\s*(\d+(?:\.\d+)?)\s*%/.exec(progress) ?? [];
  if (percent !== undefined) return Math.min(1, Number(percent) / 100);
  const [, part, whole] = /^\s*(\d+)\s*(?:\/|of)\s*(\d+)/.exec(progress) ?? [];
  if (part === undefined || Number(whole) === 0) return undefined;
  return Math.min(1, Number(part) / Number(whole));
}

/**
 * A line on standard error, where that is a terminal, with the state of a request and what its worker says of its
 * progress; a bar where that is a share of the whole.
 * @returns ends it
 */
export function showProgress(look: () => Promise<RequestStatus>): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage} % | {state} {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
  });
  bar.start(1, 0, { state: 'submitted', text: '' });
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .then(({ state, progress = '' }) => {
        bar.update(shareOf(progress) ?? 0, { state, text: printable(progress).slice(0, TEXT_LENGTH_MAX) });
      })
      // Whoever waits for the request hears of it.
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}
