import type { PartParams, RunningPart } from './part';

type Start = (params: PartParams) => Promise<RunningPart>;

/** Broker, worker and client in one process, one ZeroMQ context and one event loop. */
export function inOneProcess(startBroker: Start, startWorker: Start, startClient: Start): Start {
  return async (params) => {
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
  };
}
