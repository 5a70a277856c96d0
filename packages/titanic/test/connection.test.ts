import { once } from 'node:events';
import { join } from 'node:path';
import { generateKeyPair } from '@majordomo/client';
import { leakCheck } from '@majordomo/testkit';
import { Titanic, TitanicClient } from '../src/index';
import { openSqlite, scratchFolder, sweep } from './support/scratch';
import { closeAll, newBroker, newClient, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAll);
afterEach(sweep);

test('with keys, all that a titanic says and hears is encrypted, and the keys are not among its options', async () => {
  const keys = { broker: generateKeyPair(), titanic: generateKeyPair(), client: generateKeyPair() };
  const { secretKey } = keys.broker;
  const allow = { request: ['*'], serve: ['*'], mmi: ['mmi.*'] };
  const brokers = await newBroker({
    curve: { secretKey },
    policy: {
      roles: { all: allow },
      keys: {
        [keys.titanic.publicKey]: { name: 'titanic', roles: ['all'] },
        [keys.client.publicKey]: { name: 'client', roles: ['all'] },
      },
    },
  });
  const curveOf = (own: { secretKey: string }) => ({
    serverKey: keys.broker.publicKey,
    secretKey: own.secretKey,
  });
  const { titanic } = await newTitanic(brokers, { curve: curveOf(keys.titanic) });
  await newWorker('echo', ({ body }) => body, { brokers, curve: curveOf(keys.client) });
  const api = new TitanicClient(newClient({ brokers, curve: curveOf(keys.client) }));
  const { id } = await api.submit('echo', 'hello');
  expect((await api.wait(id, { timeoutMs: 15_000 })).text()).toBe('hello');
  expect(JSON.stringify(titanic.options)).not.toContain(keys.titanic.secretKey);
});

test('keys that do not belong together are refused', async () => {
  const store = await openSqlite({ file: join(scratchFolder(), 'requests.db') });
  const curve = {
    serverKey: generateKeyPair().publicKey,
    secretKey: generateKeyPair().secretKey,
    publicKey: generateKeyPair().publicKey,
  };
  expect(() => new Titanic({ store, curve })).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
});

test('it tells when all of its services are registered with a broker', async () => {
  const brokers = await newBroker();
  const store = await openSqlite({ file: join(scratchFolder(), 'requests.db') });
  const titanic = new Titanic({ brokers, store });
  const registered = once(titanic, 'registered');
  await titanic.start();
  try {
    expect(await registered).toEqual([{ broker: brokers }]);
    const client = newClient({ brokers });
    for (const service of ['titanic.request', 'titanic.wait', 'titanic.stats']) {
      expect((await client.request('mmi.service', service)).text()).toBe('200');
    }
  } finally {
    await titanic.close();
  }
});
