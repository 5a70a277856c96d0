// An ordinary Nest application. Plain JavaScript has no decorators, so `decorate` applies them; in TypeScript these are
// the same ones with an @ in front of the class or method.
import { Controller, Inject, Injectable, Module } from '@nestjs/common';
import { EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { finalize, interval, lastValueFrom, map, take, toArray } from 'rxjs';
import { decorate, parameter } from './decorate.mjs';
import { MajordomoClient, withTerms } from './transport/majordomo-client.mjs';

/** Serves the shop. */
export class ShopController {
  /** @type {string[]} */
  log = [];

  /** @param {{ item: string, count: number }} order */
  price({ item, count }) {
    if (item === 'lamp') throw new RpcException({ code: 'OUT_OF_STOCK', message: 'no lamps until Monday' });
    if (item === 'bug') throw new TypeError('undefined is not a price');
    return { item, total: 20 * count };
  }

  /** A stream: what is subscribed to for nobody ends at once. @param {{ rows: number }} what */
  report({ rows }) {
    this.log.push('report begun');
    return interval(10).pipe(
      take(rows),
      map((row) => ({ row })),
      finalize(() => this.log.push('report ended')),
    );
  }

  /** @param {{ item: string }} event */
  sold({ item }) {
    this.log.push(`sold ${item}`);
  }
}
decorate(ShopController, [Controller()], {
  price: [MessagePattern('shop.price')],
  report: [MessagePattern({ shop: 'report' })],
  sold: [EventPattern('shop.sold')],
});

export class ShopModule {}
decorate(ShopModule, [Module({ controllers: [ShopController] })]);

const BUS = Symbol('bus');

/** Asks the shop. */
export class Buyer {
  /** @param {MajordomoClient} bus */
  constructor(bus) {
    this.bus = bus;
  }

  /** @param {string} item @param {number} count */
  price(item, count) {
    return lastValueFrom(this.bus.send('shop.price', withTerms({ item, count }, { timeoutMs: 2_000 })));
  }

  /** @param {number} rows */
  report(rows) {
    return this.bus.send({ shop: 'report' }, withTerms({ rows }, { stream: true }));
  }

  /** @param {number} rows */
  wholeReport(rows) {
    return lastValueFrom(this.bus.send({ shop: 'report' }, { rows }).pipe(toArray()));
  }

  /** @param {string} item */
  sold(item) {
    return lastValueFrom(this.bus.emit('shop.sold', { item }));
  }
}
decorate(Buyer, [Injectable(), parameter(0, Inject(BUS))]);

/** The module of those who ask. */
export class BuyerModule {
  /** @param {import('@majordomo/client').ClientOptions} options */
  static register(options) {
    const bus = { provide: BUS, useFactory: () => new MajordomoClient(options) };
    return { module: BuyerModule, providers: [bus, Buyer], exports: [BUS, Buyer] };
  }
}
decorate(BuyerModule, [Module({})]);
