import { setTimeout as delay } from 'node:timers/promises';
import { ServiceError, Worker } from '@majordomo/worker';
import { LedgerFile } from '../../ledger-file';
import { Random } from '../../random';
import type { WorkerLine } from '../ledger';
import type { RunningPart } from './messages';
import { Fate } from './mortal';
import { answerOf, orderOf } from './orders';
import type { ParamsOf } from './params';

/** How often a flaky entry fails. */
const FLAKY = 0.5;

/** A worker that writes down what it is given before it does it, and what it gives back before it does. */
export async function playWorker(params: ParamsOf<'worker'>): Promise<RunningPart> {
  const { life, service, broker, protocol, concurrency, workMsMax, seed } = params;
  const ledger = new LedgerFile<WorkerLine>(params.ledger);
  const random = new Random(`${seed} ${life}`);
  const fate = new Fate();
  let runs = 0;
  const worker = new Worker(
    service,
    async ({ body, attempt }) => {
      const order = orderOf(body.frames);
      const run = `${life}/${++runs}`;
      ledger.write({ kind: 'run', token: order.token, run, at: Date.now(), attempt });
      fate.atRun('begun');
      // It is done even if nobody wants it any more: such work is what an audit of duplicates is about.
      await delay(random.between(0, workMsMax));
      if (order.want === 'doomed' || (order.want === 'flaky' && random.next() < FLAKY)) {
        ledger.write({ kind: 'failed', run, at: Date.now() });
        throw new ServiceError('PLANNED', `${order.token} is made to fail`, {
          retryable: order.want === 'flaky',
        });
      }
      ledger.write({ kind: 'done', run, at: Date.now() });
      fate.atRun('done');
      return answerOf(order, run);
    },
    { brokers: broker, protocol, concurrency, heartbeatMs: 1_000, reconnectMinMs: 20, reconnectMaxMs: 200 },
  );
  await worker.start();
  return {
    hear: ({ death }) => fate.choose(death),
    end: async () => {
      await worker.drain();
      ledger.close();
    },
  };
}
