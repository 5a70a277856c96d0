import timers from 'node:timers';

/** Timers made while watched that have neither fired for the last time nor been cleared. */
export interface TimerWatch {
  /** One line per live timer: kind, delay in ms, and where it was made. */
  live(): string[];
  /** Puts the global functions back. */
  stop(): void;
}

interface Watched {
  timer: { _destroyed?: boolean };
  kind: string;
  ms: number;
  trace: Error;
}

/** Timers remembered before those that are done are looked for. */
const PRUNE_AT = 10_000;

/** Where code gets `setTimeout` and `setInterval` from. */
type Source = Pick<typeof timers, 'setTimeout' | 'setInterval'>;

/**
 * Watches `setTimeout` and `setInterval`, the global ones and those of `node:timers`. The process itself counts
 * only timers that keep it alive, those of jest among them, and cannot say where they come from.
 */
export function watchTimers(): TimerWatch {
  const made = new Set<Watched>();
  const restore = [globalThis as Source, timers].flatMap((source) => [
    watch(source, 'setTimeout', made),
    watch(source, 'setInterval', made),
  ]);
  return {
    live: () => {
      prune(made);
      return [...made].map(({ kind, ms, trace }) => `${kind}(${ms} ms) made ${origin(trace)}`);
    },
    stop: () => restore.forEach((undo) => undo()),
  };
}

/** Forgets the timers that are done. A fake timer has no such mark, and is none of the process's. */
function prune(made: Set<Watched>): void {
  for (const entry of made) if (entry.timer._destroyed !== false) made.delete(entry);
}

function watch(source: Source, kind: 'setTimeout' | 'setInterval', made: Set<Watched>): () => void {
  const original = source[kind];
  const watched = (callback: () => void, ms = 0, ...args: []): NodeJS.Timeout => {
    const timer = original(callback, ms, ...args);
    if (made.size >= PRUNE_AT) prune(made);
    made.add({ timer: timer as Watched['timer'], kind, ms, trace: new Error() });
    return timer;
  };
  // With what hangs on the original, such as its form for util.promisify.
  Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
  source[kind] = watched as typeof setTimeout & typeof setInterval;
  return () => {
    source[kind] = original as typeof setTimeout & typeof setInterval;
  };
}

/** The first line of the stack outside of this package. */
function origin(trace: Error): string {
  const line = (trace.stack ?? '')
    .split('\n')
    .find((text, index) => index > 0 && !/testkit[\\/]src[\\/]/.test(text));
  return line?.trim() ?? 'somewhere';
}
