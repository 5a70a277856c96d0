import { EXIT } from './exit';

/** What asks a server to end. Node ignores no SIGHUP, not even under nohup, so it drains like the others. */
const SHUTDOWN_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with the first signal that asks this process to end; a second one ends it at once, with code 1. */
export function untilShutdown(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(EXIT.failure);
      asked = true;
      resolve(signal);
    };
    for (const signal of SHUTDOWN_SIGNALS) process.on(signal, onSignal);
  });
}
