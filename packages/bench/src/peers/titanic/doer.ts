import { Worker } from '@majordomo/worker';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { ECHO } from './settings';

/** Requests that the worker takes at once: as many as titanic delivers at one time. */
const CREDIT = 256;

export async function start(params: PartParams): Promise<RunningPart> {
  const worker = new Worker(ECHO, ({ body }) => body, { brokers: addressOf(params), concurrency: CREDIT });
  const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
  await worker.start();
  await registered;
  return { close: () => worker.close() };
}
