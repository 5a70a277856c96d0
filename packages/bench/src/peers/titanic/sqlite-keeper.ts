import { SqliteStore } from '@majordomo/titanic';
import { join } from 'node:path';
import { scratch } from '../endpoint';
import type { RunningPart } from '../part';
import { fillThrough } from './fill';
import { keep } from './keeper';

/** The embedded default: the store's thread is part of this process. */
export async function start(): Promise<RunningPart> {
  const { directory, remove } = scratch();
  const store = await SqliteStore.open({ file: join(directory, 'requests.db') });
  return keep(store, {
    answers: { fill: ({ count, bytes }) => fillThrough(store, count, bytes) },
    close: async () => remove(),
  });
}
