import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import { z } from 'zod';
import { defineService } from '../src/index';

/** What peers of ours are pinned to. */
export type Protocol = 'packed' | 'mdp/0.2' | 'mdp/0.1';

/** The contract of a shop, in JSON. */
export const order = defineService({
  name: 'order',
  request: z.strictObject({
    sku: z.string(),
    quantity: z.int().positive().default(1),
    note: z
      .string()
      .transform((note) => note.length)
      .optional(),
  }),
  reply: z.object({ id: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) }),
  errors: {
    OUT_OF_STOCK: z.object({ left: z.int() }),
    CLOSED: z.void(),
  },
});

/** One with progress. */
export const build = defineService({
  name: 'build',
  request: z.object({ steps: z.int().min(0) }),
  progress: z.object({ step: z.int(), label: z.string().default('-') }),
  reply: z.object({ took: z.number() }),
  errors: { BROKEN: z.object({ step: z.int() }) },
});

/** One in MessagePack, with what JSON has no form for. */
export const photo = defineService({
  name: 'photo',
  encoding: 'msgpack',
  request: z.object({ bytes: z.instanceof(Uint8Array), taken: z.date() }),
  reply: z.object({ size: z.int(), taken: z.date(), big: z.bigint() }),
});

const open: { close(): unknown }[] = [];

/** Has {@link closeAll} close it. */
export function track<Each extends { close(): unknown }>(each: Each): Each {
  open.push(each);
  return each;
}

/** The endpoint of a broker of ours on a port of its own. */
export async function newBroker(): Promise<string> {
  const broker = track(new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 200 }));
  await broker.start();
  return broker.endpoints[0]!;
}

/** A worker of ours that is registered. */
export async function newWorker(
  service: string,
  handler: Handler,
  brokers: string,
  options: WorkerOptions = {},
): Promise<Worker> {
  const worker = track(
    new Worker(service, handler, {
      brokers,
      heartbeatMs: 200,
      reconnectMinMs: 10,
      reconnectMaxMs: 50,
      probeMs: 100,
      ...options,
    }),
  );
  const registered = new Promise<void>((resolve) => worker.once('registered', () => resolve()));
  await worker.start();
  await registered;
  return worker;
}

/** A client of ours. */
export function newClient(brokers: string, protocol: Protocol): Client {
  return track(new Client({ brokers, protocol, timeoutMs: 5_000, reconnectMinMs: 10, reconnectMaxMs: 50 }));
}

/** Closes all that a test opened, the last first; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`should have been rejected, got ${JSON.stringify(outcome.value)}`);
}
