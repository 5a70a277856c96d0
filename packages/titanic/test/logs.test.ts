import { Broker } from '@majordomo/broker';
import { ServiceError } from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
import { brokerLines } from '../src/service/broker-lines';
import { API_SERVICES, TSP_SERVICES } from '../src/service/messages';
import { Settler } from '../src/service/settler';
import type { RequestStore } from '../src/store/store';
import { sweep } from './support/scratch';
import { closeAll, newBroker, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAll);
afterEach(sweep);

type Line = Readonly<Record<string, unknown>> & { readonly level: string; readonly event: string };

/** A logger that remembers. */
function newLog() {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (fields: object): void =>
      void lines.push({ level, ...fields } as Line);
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const line = (event: string): Promise<Line> => eventually(() => lines.find((each) => each.event === event));
  return { lines, logger, line };
}

test('what becomes of a request is said with its id, and never its body', async () => {
  const { lines, logger, line } = newLog();
  const brokers = await newBroker();
  let tries = 0;
  await newWorker(
    'mail',
    () =>
      Promise.reject(
        tries++ === 0
          ? new ServiceError('BUSY', 'not now', { retryable: true })
          : new ServiceError('BOUNCED', 'no such address'),
      ),
    { brokers },
  );
  const { titanic, api } = await newTitanic(brokers, {
    logger,
    owner: 'me',
    defaults: { backoffMinMs: 1, backoffMaxMs: 1 },
  });
  const { id } = await api.submit('mail', 'a secret letter');
  const dead = { level: 'warn', service: 'mail', id, attempt: 2, workerCode: 'BOUNCED' };
  expect(await line('requestDead')).toMatchObject(dead);
  expect(await line('deliveryFailed')).toMatchObject({ level: 'info', service: 'mail', id, attempt: 1 });
  const absent = await api.submit('nobody', 'a secret letter');
  expect(await line('deliveryReleased')).toMatchObject({ id: absent.id, code: 'NO_WORKER' });
  await titanic.close();
  expect(lines[0]).toMatchObject({ level: 'info', event: expect.any(String) });
  expect(await line('started')).toMatchObject({ owner: 'me', brokers: [brokers] });
  expect(await line('closed')).toMatchObject({ owner: 'me' });
  expect(JSON.stringify(lines)).not.toContain('secret letter');
  expect(lines.filter(({ event }) => event === undefined)).toEqual([]);
});

test('a broker that is lost is said once, not by each service', async () => {
  const { lines, logger, line } = newLog();
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 200 });
  await broker.start();
  const [endpoint] = broker.endpoints;
  await newTitanic(endpoint!, { logger });
  expect(await line('registered')).toBeDefined();
  const said = (level: string, event: string): number =>
    lines.filter((each) => each.level === level && each.event === event).length;
  await eventually(() => said('info', 'registered') === 1 && said('debug', 'brokerUp') === 1);
  await broker.close();
  const services = TSP_SERVICES.length + API_SERVICES.length;
  await eventually(() => said('debug', 'lost') === services && said('debug', 'brokerDown') === 1, {
    timeoutMs: 10_000,
  });
  const warnings = lines.filter(({ level }) => level === 'warn');
  expect(warnings).toEqual([
    { level: 'warn', event: 'brokerLost', broker: endpoint, reason: expect.any(String) as string },
  ]);
});

test('once it is there again for all, its next loss is said', () => {
  const { lines, logger } = newLog();
  const { warn, info, error } = brokerLines(logger);
  const warned = (): unknown[] =>
    lines.filter(({ level }) => level === 'warn').map(({ event, service }) => service ?? event);
  const broker = 'tcp://here';
  warn({ event: 'lost', service: 'a', broker, reason: 'gone' }, '');
  warn({ event: 'brokerDown', endpoint: broker, reason: 'gone' }, '');
  warn({ event: 'lost', service: 'a', broker: 'tcp://there', reason: 'gone' }, '');
  expect(warned()).toEqual(['brokerLost', 'brokerLost']);
  info({ event: 'registered', service: 'a', broker }, '');
  warn({ event: 'lost', service: 'b', broker, reason: 'gone' }, '');
  expect(warned()).toHaveLength(2);
  info({ event: 'registered', service: 'b', broker }, '');
  info({ event: 'brokerUp', endpoint: broker }, '');
  warn({ event: 'lost', service: 'b', broker, reason: 'gone' }, '');
  expect(warned()).toHaveLength(3);
  for (const service of ['a', 'b']) warn({ event: 'brokerSilent', service, broker }, '');
  warn({ event: 'rejected', service: 'a', broker }, '');
  expect(warned().slice(3)).toEqual(['a', 'a']);
  info({ event: 'other' }, '');
  error({ event: 'requestFailed', service: 'a' }, '');
  expect(lines.slice(-2).map(({ level }) => level)).toEqual(['info', 'error']);
});

test('an outcome whose lease is void is said with the request it is of', async () => {
  const { lines, logger } = newLog();
  const store = { settle: async () => [false] } as unknown as RequestStore;
  const settler = new Settler(store, logger);
  await settler.settle({ id: 'a', token: 7, outcome: 'die', error: '{}' }, 'mail', undefined);
  expect(lines).toEqual([
    { level: 'warn', event: 'outcomeDropped', service: 'mail', id: 'a', token: 7, outcome: 'die' },
  ]);
});
