import { Broker } from '@majordomo/broker';
import { endpointFor } from '../endpoint';
import { BROKER_OPTIONS, ECHO } from '../majordomo/settings';
import type { PartParams, RunningPart } from '../part';
import { CLIENT, SERVER, WORKER } from './keys';

const POLICY = {
  roles: { client: { request: [ECHO], administer: true }, worker: { serve: [ECHO] } },
  keys: {
    [CLIENT.publicKey]: { name: 'client', roles: ['client'] },
    [WORKER.publicKey]: { name: 'worker', roles: ['worker'] },
  },
};

export async function start({ transport = 'tcp' }: PartParams): Promise<RunningPart> {
  const { endpoint, remove } = endpointFor(transport);
  const curve = { secretKey: SERVER.secretKey };
  const broker = new Broker({ ...BROKER_OPTIONS, bind: endpoint, curve, policy: POLICY });
  await broker.start();
  return {
    address: broker.endpoints[0]!,
    close: async () => {
      await broker.close();
      remove();
    },
  };
}
