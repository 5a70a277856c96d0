import { parentPort, workerData } from 'node:worker_threads';
import { isMajordomoError } from '@majordomo/protocol';
import { Engine, type EngineOptions } from './engine';
import type { Operation } from './operations';

/** What the thread is told: operations to be done together, or, without any, to close. */
export interface ThreadOrder {
  readonly operations: readonly Operation[] | undefined;
  readonly now: number;
}

/** The thread of a SQLite store: opens the engine, says how that went, then does what it is told, and answers. */
function main(): void {
  const port = parentPort;
  if (!port) return;
  let engine: Engine;
  try {
    engine = new Engine(workerData as EngineOptions);
  } catch (error) {
    const { message } = error as Error;
    port.postMessage({ code: isMajordomoError(error) ? error.code : 'STORE_UNAVAILABLE', message });
    return;
  }
  port.on('message', ({ operations, now }: ThreadOrder) => {
    if (operations) {
      port.postMessage(engine.run(operations, now));
      return;
    }
    engine.close();
    port.close();
  });
  port.postMessage(undefined);
}

main();
