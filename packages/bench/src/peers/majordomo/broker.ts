import { Broker } from '@majordomo/broker';
import { endpointFor } from '../endpoint';
import type { PartParams, RunningPart } from '../part';
import { BROKER_OPTIONS } from './settings';
import { scrape } from './watched';

export async function start({ transport = 'tcp', watched }: PartParams): Promise<RunningPart> {
  const { endpoint, remove } = endpointFor(transport);
  const http = watched === 'metrics' ? { http: '127.0.0.1:0' } : {};
  const broker = new Broker({ ...BROKER_OPTIONS, ...http, bind: endpoint });
  await broker.start();
  const stopScraping = broker.httpAddress === undefined ? undefined : scrape(broker.httpAddress);
  return {
    address: broker.endpoints[0]!,
    close: async () => {
      stopScraping?.();
      await broker.close();
      remove();
    },
  };
}
