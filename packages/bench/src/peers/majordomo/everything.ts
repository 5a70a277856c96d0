import type { PartParams, RunningPart } from '../part';
import { start as startBroker } from './broker';
import { start as startClient } from './client';
import { start as startWorker } from './worker';

/** Broker, worker and client in one process, one ZeroMQ context and one event loop. */
export async function start(params: PartParams): Promise<RunningPart> {
  const broker = await startBroker({ ...params, transport: 'inproc' });
  const connected = { ...params, address: broker.address! };
  const worker = await startWorker(connected);
  const client = await startClient(connected);
  return {
    answers: client.answers!,
    close: async () => {
      await client.close();
      await worker.close();
      await broker.close();
    },
  };
}
