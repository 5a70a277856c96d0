import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawClient01,
  RawClient02,
  RawWorker01,
  RawWorker02,
} from '@majordomo/testkit';
import { sweep } from './support/scratch';
import { closeAll, newBroker, newTitanic } from './support/service';

leakCheck();
afterEach(closeAllSockets);
afterEach(closeAll);
afterEach(sweep);

const FEW = { apiConcurrency: 1, waitsMax: 1, concurrency: 4 };

/** The peers of one RFC, with nothing of ours but the titanic and the broker between them. */
const dialects = [
  ['mdp/0.1', RawClient01, RawWorker01],
  ['mdp/0.2', RawClient02, RawWorker02],
] as const;

describe.each(dialects)(
  'a titanic that speaks %s, between plain clients and workers',
  (protocol, RawClient, RawWorker) => {
    test('a request is stored, delivered, and its reply kept', async () => {
      const endpoint = await newBroker();
      await newTitanic(endpoint, { protocol, ...FEW });
      const client = new RawClient(endpoint);
      const asked = async (service: string, ...body: string[]): Promise<string[]> =>
        (await client.ask(service, ...body)).map((frame) => frame.toString());
      const [status, id] = await asked('titanic.request', 'plain', 'one', 'two');
      expect(status).toBe('200');

      const worker = new RawWorker(endpoint);
      await worker.ready('plain');
      const { address, body } = await worker.nextRequest();
      expect(body.map(String)).toEqual(['one', 'two']);
      await worker.final(address, 'done', 'it is');
      const reply = await eventually(async () => {
        const answer = await asked('titanic.reply', id!);
        return answer[0] === '300' ? undefined : answer;
      });
      expect(reply).toEqual(['200', 'done', 'it is']);
    });

    test('a service that nobody serves uses up no attempts, although the broker keeps silent', async () => {
      const endpoint = await newBroker();
      const { api } = await newTitanic(endpoint, {
        protocol,
        ...FEW,
        defaults: { timeoutMs: 100, attempts: 1 },
      });
      const { id } = await api.submit('nobody', 'x');
      const status = await eventually(async () => {
        const each = await api.status(id);
        return each.error ? each : undefined;
      });
      expect(status).toMatchObject({ state: 'due', attempts: 0, error: { code: 'TIMEOUT' } });
    });
  },
);
