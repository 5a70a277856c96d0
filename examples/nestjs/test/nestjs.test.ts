import { Ctx, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { Controller, Module, type INestApplicationContext, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  expectError,
  fails,
  fakeWorker,
  holds,
  repliesJson,
  startTestBroker,
  streams,
  until,
  type TestBroker,
} from '@majordomo/testing';
import { leakCheck } from '@majordomo/testkit';
import { lastValueFrom, Observable, range, take, toArray } from 'rxjs';
import { Buyer, BuyerModule, ShopController, ShopModule } from '../app.mjs';
import { decorate, parameter } from '../decorate.mjs';
import { MajordomoClient } from '../transport/majordomo-client.mjs';
import { MajordomoServer } from '../transport/majordomo-server.mjs';

leakCheck();

let broker: TestBroker;
beforeEach(async () => {
  broker = await startTestBroker();
});
afterEach(() => broker.close());

describe('the server strategy', () => {
  let shop: INestMicroservice;
  const serve = async (module: object, ...services: string[]) => {
    const strategy = new MajordomoServer({ brokers: broker.endpoint, protocol: 'packed' });
    shop = await NestFactory.createMicroservice(module as typeof ShopModule, { strategy, logger: false });
    await shop.listen();
    for (const service of services) await broker.served(service);
  };
  afterEach(() => shop.close());

  const SHOP = ['shop.price', '{"shop":"report"}', 'shop.sold'];

  test('every pattern is a service', async () => {
    await serve(ShopModule, ...SHOP);
    const reply = await broker.client().request('shop.price', '{"item":"desk","count":2}');
    expect(reply.json()).toEqual({ item: 'desk', total: 40 });
    expect(reply.metadata?.contentType).toBe('application/json');
  });

  test('an RpcException is a failure with its code, anything else says nothing of itself', async () => {
    await serve(ShopModule, ...SHOP);
    const ask = (item: string) =>
      expectError(broker.client().request('shop.price', JSON.stringify({ item, count: 1 })), 'WORKER_FAILED');
    expect(await ask('lamp')).toMatchObject({ workerCode: 'OUT_OF_STOCK', message: 'no lamps until Monday' });
    expect(await ask('bug')).toMatchObject({
      workerCode: 'INTERNAL_ERROR',
      message: 'Internal server error',
    });
  });

  test('the values of an Observable are PARTIALs', async () => {
    await serve(ShopModule, ...SHOP);
    const replies: string[] = [];
    for await (const { kind, body } of broker.client().stream('{"shop":"report"}', '{"rows":2}')) {
      replies.push(`${kind} ${body.text()}`);
    }
    expect(replies).toEqual(['partial {"row":0}', 'partial {"row":1}', 'final ']);
  });

  test('who leaves, unsubscribes', async () => {
    await serve(ShopModule, ...SHOP);
    const { log } = shop.get(ShopController);
    const replies = broker.client().stream('{"shop":"report"}', '{"rows":1000000}');
    await replies.next();
    await replies.return?.();
    await until(() => log.includes('report ended'));
  });

  test('an event is answered once it is handled', async () => {
    await serve(ShopModule, ...SHOP);
    expect((await broker.client().request('shop.sold', '{"item":"chair"}')).text()).toBe('');
    expect(shop.get(ShopController).log).toEqual(['sold chair']);
  });

  test('what is no JSON is a failure', async () => {
    await serve(ShopModule, ...SHOP);
    const error = await expectError(broker.client().request('shop.price', '{'), 'WORKER_FAILED');
    expect(error).toMatchObject({ workerCode: 'INVALID_BODY', message: 'Frame 0 of this body is not JSON.' });
  });

  test('the context tells how long there is, and a failure may be retryable', async () => {
    class Other {
      busy(
        _data: unknown,
        context: { remainingMs: number; signal: AbortSignal; request: { priority: number } },
      ) {
        const { remainingMs, signal, request } = context;
        const fits = remainingMs > 0 && remainingMs < 600 && !signal.aborted && request.priority === 7;
        throw new RpcException({ code: fits ? 'BUSY' : 'WRONG', message: 'later', retryable: true });
      }
      /** Fails in the middle. */
      torn() {
        return new Observable<number>((subscriber) => {
          subscriber.next(1);
          subscriber.error(new RpcException({ code: 'TORN', message: 'no more' }));
        });
      }
      /** Gives all at once. */
      flood() {
        return range(0, 20_000);
      }
    }
    decorate(Other, [Controller()], {
      busy: [MessagePattern('busy'), parameter(0, Payload()), parameter(1, Ctx())],
      torn: [MessagePattern('torn')],
      flood: [MessagePattern('flood')],
    });
    class OtherModule {}
    decorate(OtherModule, [Module({ controllers: [Other] })]);
    await serve(OtherModule, 'busy', 'torn', 'flood');
    const busy = broker.client().request('busy', '1', { timeoutMs: 500, priority: 7 });
    expect(await expectError(busy, 'WORKER_FAILED')).toMatchObject({ workerCode: 'BUSY', retryable: true });
    expect(await expectError(broker.client().request('torn', '1'), 'WORKER_FAILED')).toMatchObject({
      workerCode: 'TORN',
    });
    let values = 0;
    const reading = (async () => {
      for await (const { kind } of broker.client().stream('flood', '1')) if (kind === 'partial') values++;
    })();
    expect(await expectError(reading, 'WORKER_FAILED')).toMatchObject({ workerCode: 'TOO_SLOW' });
    expect(values).toBe(10_000);
  });

  test('patterns that are no services are told', async () => {
    class Wrong {
      it() {
        return 1;
      }
    }
    decorate(Wrong, [Controller()], { it: [MessagePattern('mmi.it')] });
    class WrongModule {}
    decorate(WrongModule, [Module({ controllers: [Wrong] })]);
    await expectError(serve(WrongModule), 'INVALID_SERVICE');
  });
});

describe('the client proxy', () => {
  let buyers: INestApplicationContext;
  let buyer: Buyer;
  beforeEach(async () => {
    const options = { brokers: broker.endpoint, protocol: 'packed' as const, timeoutMs: 1_000 };
    buyers = await NestFactory.createApplicationContext(BuyerModule.register(options), { logger: false });
    buyer = buyers.get(Buyer);
  });
  afterEach(() => buyers.close());

  test('asks in JSON, with the terms that are given', async () => {
    const shop = await fakeWorker(broker, 'shop.price', repliesJson({ total: 3 }));
    expect(await buyer.price('chair', 1)).toEqual({ total: 3 });
    const request = await shop.expectRequest();
    expect(request.json()).toEqual({ item: 'chair', count: 1 });
    expect(request.contentType).toBe('application/json');
    expect(request.remainingMs).toBeGreaterThan(1_000);
  });

  test('fails with the error of the bus', async () => {
    await fakeWorker(broker, 'shop.price', fails('OUT_OF_STOCK'));
    const error = await expectError(buyer.price('lamp', 1), 'WORKER_FAILED');
    expect(error.workerCode).toBe('OUT_OF_STOCK');
  });

  test('values as they come, or all at once', async () => {
    const report = await fakeWorker(broker, '{"shop":"report"}', streams(['1', '2'], '3'));
    expect(await lastValueFrom(buyer.report(9).pipe(toArray()))).toEqual([1, 2, 3]);
    expect(await buyer.wholeReport(9)).toEqual([1, 2, 3]);
    expect(report.seen).toBe(2);
  });

  test('who unsubscribes, withdraws the request', async () => {
    const report = await fakeWorker(broker, '{"shop":"report"}', streams(['1', '2'], holds()));
    expect(await lastValueFrom(buyer.report(9).pipe(take(1)))).toBe(1);
    expect((await (await report.expectRequest()).aborted()).code).toBe('CANCELLED');
  });

  test('an event has been handled when it is told so', async () => {
    const shop = await fakeWorker(broker, 'shop.sold', holds());
    let handled = false;
    const sold = buyer.sold('chair').then(() => (handled = true));
    const request = await shop.expectRequest();
    expect([request.json(), handled]).toEqual([{ item: 'chair' }, false]);
    request.answer('');
    await sold;
  });

  test('closed, it fails what is under way', async () => {
    const bus = new MajordomoClient({ brokers: broker.endpoint, protocol: 'packed' });
    const shop = await fakeWorker(broker, 'shop.price', holds());
    const asked = expectError(lastValueFrom(bus.send('shop.price', 1)), 'CLOSED');
    await shop.expectRequest();
    expect(bus.unwrap<{ pending: number }>().pending).toBe(1);
    await bus.close();
    await asked;
  });
});
