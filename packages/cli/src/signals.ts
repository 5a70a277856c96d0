import { EXIT } from './exit';

/** What asks a server to end. */
const SHUTDOWN_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Resolves with the first signal that asks this process to end; a second one ends it at once, with code 1.
 * @param reload - what SIGHUP asks for; without, it is one of those: Node ignores no SIGHUP, not even under nohup
 */
export function untilShutdown(reload?: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(EXIT.failure);
      asked = true;
      resolve(signal);
    };
    for (const signal of SHUTDOWN_SIGNALS) process.on(signal, onSignal);
    process.on('SIGHUP', reload ?? onSignal);
  });
}
