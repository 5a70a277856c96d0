// Two Nest applications and a plain client on one bus: the shop serves its patterns as services, the buyer asks it
// through a ClientProxy, the plain client knows nothing of Nest. Ends with 0 where all is as expected.
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { NestFactory } from '@nestjs/core';
import { lastValueFrom, take, toArray } from 'rxjs';
import { Buyer, BuyerModule, ShopController, ShopModule } from './app.mjs';
import { MajordomoServer } from './transport/majordomo-server.mjs';

let wrong = 0;

/** @param {string} what @param {unknown} got @param {unknown} expected */
function check(what, got, expected) {
  const [text, wanted] = [got, expected].map((value) => JSON.stringify(value));
  if (text !== wanted) wrong++;
  console.log(`${what.padEnd(34)} ${text}${text === wanted ? '' : `  (expected ${wanted})`}`);
}

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const brokers = String(broker.endpoints[0]);

const shop = await NestFactory.createMicroservice(ShopModule, {
  strategy: new MajordomoServer({ brokers }),
  logger: ['warn', 'error'],
});
await shop.listen();
const { log } = shop.get(ShopController);

const buyers = await NestFactory.createApplicationContext(BuyerModule.register({ brokers }), {
  logger: false,
});
const buyer = buyers.get(Buyer);
const failureOf = (/** @type {Promise<unknown>} */ asked) =>
  asked.then(
    (value) => value,
    ({ code, workerCode, message }) => [code, workerCode, message],
  );

check('a message', await buyer.price('chair', 3), { item: 'chair', total: 60 });
check('an exception of the shop', await failureOf(buyer.price('lamp', 1)), [
  'WORKER_FAILED',
  'OUT_OF_STOCK',
  'no lamps until Monday',
]);
check('a bug in the shop', await failureOf(buyer.price('bug', 1)), [
  'WORKER_FAILED',
  'INTERNAL_ERROR',
  'Internal server error',
]);
check('an Observable, as it comes', await lastValueFrom(buyer.report(3).pipe(toArray())), [
  { row: 0 },
  { row: 1 },
  { row: 2 },
]);
check('the same at once', await buyer.wholeReport(2), [{ row: 0 }, { row: 1 }]);

log.length = 0;
await lastValueFrom(buyer.report(1_000_000).pipe(take(2)));
while (!log.includes('report ended')) await new Promise((resolve) => setTimeout(resolve, 5));
check('one that is left after two', log, ['report begun', 'report ended']);

await buyer.sold('chair');
check('an event', log.at(-1), 'sold chair');

const plain = new Client({ brokers });
const reply = await plain.request('shop.price', '{"item":"desk","count":2}');
check('a plain client', reply.json(), { item: 'desk', total: 40 });

plain.close();
await buyers.close();
await shop.close();
await broker.close();
console.log(wrong === 0 ? 'all as expected' : `${wrong} answers are not as expected`);
process.exitCode = wrong === 0 ? 0 : 1;
