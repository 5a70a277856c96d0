import { ServiceError } from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
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

test('an outcome whose lease is void is said with the request it is of', async () => {
  const { lines, logger } = newLog();
  const store = { settle: async () => [false] } as unknown as RequestStore;
  const settler = new Settler(store, logger);
  await settler.settle({ id: 'a', token: 7, outcome: 'die', error: '{}' }, 'mail', undefined);
  expect(lines).toEqual([
    { level: 'warn', event: 'outcomeDropped', service: 'mail', id: 'a', token: 7, outcome: 'die' },
  ]);
});
