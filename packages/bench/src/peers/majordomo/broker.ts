import { Broker } from '@majordomo/broker';
import { endpointFor } from '../endpoint';
import type { PartParams, RunningPart } from '../part';
import { BROKER_OPTIONS } from './settings';

export async function start({ transport = 'tcp' }: PartParams): Promise<RunningPart> {
  const { endpoint, remove } = endpointFor(transport);
  const broker = new Broker({ ...BROKER_OPTIONS, bind: endpoint });
  await broker.start();
  return {
    address: broker.endpoints[0]!,
    close: async () => {
      await broker.close();
      remove();
    },
  };
}
