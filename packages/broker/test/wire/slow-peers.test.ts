import { closeAllSockets, leakCheck, RawClient02, RawWorker02 } from '@majordomo/testkit';
import { closeBrokers, serve } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

test('a client that does not read is cut off, and others are served meanwhile', async () => {
  const { endpoint, broker, next } = await serve({ backlogMax: 50 });
  const worker = new RawWorker02(endpoint);
  await worker.ready('flood');
  const deaf = new RawClient02(endpoint, { read: false, highWaterMark: 1 });
  await deaf.request('flood', 'x');
  const { address } = await worker.nextRequest();
  const part = Buffer.alloc(16 * 1024);
  const other = new RawClient02(endpoint);
  for (let sent = 0; broker.describe().counters['withdrawn'] === 0 && sent < 20_000; sent++) {
    await worker.partial(address, part);
    if (sent % 100 === 0) expect((await other.ask('mmi.service', 'flood')).map(String)).toEqual(['200']);
  }
  expect(await next('clientGone')).toMatchObject({ withdrawn: 1 });
  await worker.final(address, 'end');
  const reply = other.ask('flood', 'x');
  await worker.final((await worker.nextRequest()).address, 'served');
  expect(String(await reply)).toBe('served');
});
