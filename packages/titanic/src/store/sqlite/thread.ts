import { parentPort, workerData } from 'node:worker_threads';
import { isMajordomoError } from '@majordomo/protocol';
import { Engine, type EngineOptions } from './engine';
import { packOutcomes, unpackOperations, type PackedOperations, type PackedOutcomes } from './crossing';
import type { GroupOutcome } from './operations';

/** What the thread is told: operations to be done together, or, without any, to close. */
export interface ThreadOrder {
  readonly packed: PackedOperations | undefined;
  readonly now: number;
}

/** What the thread answers. */
export type ThreadAnswer = Omit<GroupOutcome, 'outcomes'> & { readonly packed: PackedOutcomes };

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
  port.on('message', ({ packed, now }: ThreadOrder) => {
    if (packed) {
      const operations = unpackOperations(packed);
      const { outcomes, ...events } = engine.run(operations, now);
      const answer: ThreadAnswer = { ...events, packed: packOutcomes(operations, outcomes) };
      port.postMessage(answer, [answer.packed.parcel.bytes.buffer]);
      return;
    }
    engine.close();
    port.close();
  });
  port.postMessage(undefined);
}

main();
