import { eventually } from '@majordomo/testkit';
import { join } from 'node:path';
import { RequestIds } from '../src/service/request-ids';
import type { RequestStore } from '../src/store/store';
import { openSqlite, scratchFolder, sweep } from './support/scratch';
import { closeAll, deferred, newBroker, newTitanic, newWorker } from './support/service';

afterEach(closeAll);
afterEach(sweep);

/** A store that takes no outcomes until it is told to. */
function heldUp(store: RequestStore, until: Promise<void>): RequestStore {
  return new Proxy(store, {
    get: (target, name: keyof RequestStore) => {
      if (name === 'settle') {
        return async (...takes: Parameters<RequestStore['settle']>) => {
          await until;
          return target.settle(...takes);
        };
      }
      return (target[name] as (...takes: unknown[]) => unknown).bind(target);
    },
  });
}

test('while outcomes wait for the disk others are delivered, as many again and no more', async () => {
  const brokers = await newBroker();
  let delivered = 0;
  await newWorker('echo', ({ body }) => (delivered++, body), { brokers, concurrency: 16 });
  const disk = deferred();
  const store = heldUp(await openSqlite({ file: join(scratchFolder(), 'requests.db') }), disk.promise);
  const { titanic, api } = await newTitanic(brokers, { store, concurrency: 2 });
  const submitted = await api.submitMany(Array.from({ length: 6 }, () => ({ service: 'echo', body: 'x' })));
  await eventually(() => delivered === 4);
  // Each of these has the store looked at, or would.
  submitted.push(await api.submit('echo', 'y'), await api.submit('echo', 'z'));
  expect(titanic.stats).toMatchObject({ claimed: 4, running: 4, delivered: 0 });
  disk.resolve();
  for (const { id } of submitted) await api.wait(id, { timeoutMs: 10_000 });
  expect(delivered).toBe(8);
});

test('ids never have a piece of randomness in common', () => {
  const ids = new RequestIds();
  const made = Array.from({ length: 2_000 }, () => ids.next(1_800_000_000_000));
  expect(new Set(made.map((id) => id.slice(12))).size).toBe(2_000);
  expect(made.every((id) => id.startsWith('01a3185c5000') && /^[0-9a-f]{32}$/.test(id))).toBe(true);
});
