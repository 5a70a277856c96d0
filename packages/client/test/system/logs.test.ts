import { Broker } from '@majordomo/broker';
import type { Logger } from '@majordomo/protocol';
import { leakCheck } from '@majordomo/testkit';
import { Worker } from '@majordomo/worker';
import { Client } from '../../src/index';

leakCheck();

const SECRET = 'what-nobody-else-should-read';

interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
}

function recorder(): { lines: Line[]; logger: Logger } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object) => lines.push({ level, fields: { ...fields } });
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

test('lines about a request say which one, on both sides, and none has a body', async () => {
  const { lines, logger } = recorder();
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', logger });
  await broker.start();
  const brokers = [...broker.endpoints];
  const worker = new Worker('echo', () => Promise.reject(new Error('broken')), { brokers, logger });
  const registered = new Promise((resolve) => worker.once('registered', resolve));
  await worker.start();
  await registered;
  const client = new Client({ brokers, logger });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await expect(client.request('echo', SECRET, { traceparent })).rejects.toMatchObject({
    code: 'WORKER_FAILED',
  });
  await expect(client.request('nobody', SECRET, { failFast: true })).rejects.toMatchObject({
    code: 'NO_WORKER',
  });
  client.close();
  await worker.close();
  await broker.close();
  const of = (event: string): Record<string, unknown>[] =>
    lines.map(({ fields }) => fields).filter((fields) => fields['event'] === event);
  const [atWorker] = of('requestFailed').filter((fields) => 'ref' in fields);
  expect(atWorker).toMatchObject({ service: 'echo', broker: brokers[0], ref: 1, attempt: 1, traceparent });
  const [atBroker] = of('workerFailed');
  expect(atBroker).toMatchObject({
    service: 'echo',
    ref: 1,
    id: expect.any(Number),
    client: expect.any(String),
  });
  const [refused] = of('requestFailed').filter((fields) => 'code' in fields);
  expect(refused).toMatchObject({
    service: 'nobody',
    code: 'NO_WORKER',
    id: expect.any(Number),
    client: atBroker?.['client'],
  });
  expect(lines.every(({ fields }) => typeof fields['event'] === 'string')).toBe(true);
  const text = JSON.stringify(lines, (_, value: unknown) => (value instanceof Error ? value.stack : value));
  expect(text).not.toContain(SECRET);
});
