import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { explain } from './finding';

/** What nobody has caught, from now on until `stop`. */
export function watchUncaught(): { readonly thrown: string[]; stop(): void } {
  const thrown: string[] = [];
  const caught = (error: unknown): void => {
    thrown.push(error instanceof Error ? (error.stack ?? explain(error)) : String(error));
  };
  process.on('uncaughtException', caught);
  process.on('unhandledRejection', caught);
  return {
    thrown,
    stop() {
      process.off('uncaughtException', caught);
      process.off('unhandledRejection', caught);
    },
  };
}

/** Bytes that this process holds. */
export interface Memory {
  /** What is reachable from JavaScript, memory of buffers included. */
  readonly heldBytes: number;
  readonly rssBytes: number;
}

let collect: (() => void) | undefined;

/** What is held once all garbage is collected. */
export async function measureMemory(): Promise<Memory> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // What ZeroMQ gives back is freed by finalizers, a turn of the loop after it was collected.
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + external, rssBytes: rss };
}
