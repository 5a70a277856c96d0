import { setTimeout } from 'node:timers/promises';
import type { Body } from '@majordomo/protocol';
import { ServiceError, Worker, type HandlerContext, type WorkerRequest } from '@majordomo/worker';
import { LedgerFile } from '../../ledger-file';
import type { WorkerLine } from '../ledger';
import type { RunningPart, Say } from './messages';
import { orderOf, replyBody, type Order } from './orders';
import type { ParamsOf } from './params';

/** A worker that writes down what it is given before it does it, and what it gives back before it does. */
export async function playWorker(params: ParamsOf<'worker'>, say: Say): Promise<RunningPart> {
  const { life, service, brokers, protocol, concurrency, rhythm } = params;
  const ledger = new LedgerFile<WorkerLine>(params.ledger);
  let runs = 0;
  const handler = (request: WorkerRequest, context: HandlerContext) => {
    const { order, payload } = orderOf(request.body);
    const run = `${life}/${++runs}`;
    ledger.write({ kind: 'run', id: order.id, run, broker: context.broker, attempt: request.attempt });
    const replies = serve(order, payload, run, context.signal, ledger);
    return order.partials > 0 ? replies : lastOf(replies);
  };
  const worker = new Worker(service, handler, { brokers, protocol, concurrency, ...rhythm });
  const serving = new Set<string>();
  const tell = (): void => say({ kind: 'serving', brokers: [...serving] });
  worker.on('registered', ({ broker }) => {
    serving.add(broker);
    tell();
  });
  worker.on('lost', ({ broker }) => {
    serving.delete(broker);
    tell();
  });
  await worker.start();
  return {
    end: async () => {
      await worker.drain();
      ledger.close();
    },
  };
}

async function* serve(
  { id, workMs, partials, fail }: Order,
  payload: Uint8Array,
  run: string,
  signal: AbortSignal,
  ledger: LedgerFile<WorkerLine>,
): AsyncGenerator<Body, Body> {
  for (let seq = 0; seq < partials; seq++) {
    await setTimeout(workMs, undefined, { signal });
    yield replyBody({ of: id, run, seq, last: false });
  }
  await setTimeout(workMs, undefined, { signal });
  if (fail) throw new ServiceError('PLANNED', `${id} is made to fail`);
  ledger.write({ kind: 'done', run });
  return replyBody({ of: id, run, seq: partials, last: true }, payload);
}

/** The reply of a service that has no PARTIALs. */
async function lastOf(replies: AsyncGenerator<Body, Body>): Promise<Body> {
  const { value } = await replies.next();
  return value;
}
