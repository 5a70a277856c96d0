import type { Client } from '@majordomo/client';
import { Worker, type Handler } from '@majordomo/worker';
import { type } from 'arktype';
import { expectTypeOf } from 'expect-type';
import * as v from 'valibot';
import { z } from 'zod';
import { defineService, implement, type CallContext, type CallError, type ServedHandler } from '../src/index';
import { build, order, photo } from './support';

/* What the compiler has to know, and what it must not take: `npm run typecheck` is the test, and nothing here runs. */

declare const client: Client;

const shop = defineService({
  name: 'shop',
  request: v.object({ sku: v.string(), quantity: v.optional(v.number(), 1) }),
  reply: v.pipe(v.string(), v.transform(Number)),
});

const lookup = defineService({
  name: 'lookup',
  request: type({ word: 'string', 'limit?': 'number' }),
  reply: type('string[]'),
  progress: type('number'),
});

export function callsGiveWhatTheRequestTakesAndGetWhatTheReplyMakes() {
  expectTypeOf(client.call(order, { sku: 'A' })).resolves.toEqualTypeOf<{ id: string; at: Date }>();
  expectTypeOf(
    client.call(order, { sku: 'A', quantity: 2, note: 'x' }, { timeoutMs: 1 }),
  ).resolves.toHaveProperty('at');
  expectTypeOf(client.call(photo, { bytes: new Uint8Array(), taken: new Date() })).resolves.toEqualTypeOf<{
    size: number;
    taken: Date;
    big: bigint;
  }>();
  expectTypeOf(client.call(shop, { sku: 'A' })).resolves.toEqualTypeOf<number>();
  expectTypeOf(client.call(lookup, { word: 'a' })).resolves.toEqualTypeOf<string[]>();

  // @ts-expect-error – sku is missing
  void client.call(order, {});
  // @ts-expect-error – quantity is a number
  void client.call(order, { sku: 'A', quantity: '2' });
  // @ts-expect-error – the handler gets the length of a note; the client gives its text
  void client.call(order, { sku: 'A', note: 3 });
  // @ts-expect-error – there is no such key
  void client.call(order, { sku: 'A', colour: 'red' });
  // @ts-expect-error – an input is needed
  void client.call(order);
  // @ts-expect-error – the contract says what the body is
  void client.call(order, { sku: 'A' }, { contentType: 'text/plain' });
  // @ts-expect-error – no such option
  void client.call(order, { sku: 'A' }, { timeout: 1 });
  // @ts-expect-error – valibot: a number is no sku
  void client.call(shop, { sku: 1 });
  // @ts-expect-error – arktype: a limit is a number
  void client.call(lookup, { word: 'a', limit: 'many' });
  // @ts-expect-error – a name is no contract
  void client.call('order', { sku: 'A' });
}

export function anInputThatIsNothingCanBeLeftOut() {
  const ping = defineService({ name: 'ping', request: z.void(), reply: z.void() });
  expectTypeOf(client.call(ping)).resolves.toEqualTypeOf<void>();
  expectTypeOf(client.call(ping, undefined, { timeoutMs: 1 })).resolves.toEqualTypeOf<void>();
  // @ts-expect-error – it takes nothing
  void client.call(ping, 'x');
}

export async function streamsTellPartialsFromTheReply() {
  for await (const message of client.callStream(build, { steps: 1 })) {
    if (message.kind === 'partial') {
      expectTypeOf(message.value).toEqualTypeOf<{ step: number; label: string }>();
    } else {
      expectTypeOf(message.value).toEqualTypeOf<{ took: number }>();
    }
  }
  for await (const message of client.callStream(order, { sku: 'A' })) {
    if (message.kind === 'partial') expectTypeOf(message.value).toBeNever();
  }
  // @ts-expect-error – steps is a number
  client.callStream(build, { steps: 'one' });
}

export function errorsAreToldApartByCode(error: unknown) {
  const shelf = defineService({
    name: 'shelf',
    request: z.string(),
    reply: z.string(),
    errors: { OUT_OF_STOCK: z.object({ left: z.int() }), MOVED: z.object({ to: z.string() }) },
  });
  if (shelf.isError(error)) {
    expectTypeOf(error.workerCode).toEqualTypeOf<'OUT_OF_STOCK' | 'MOVED'>();
    if (error.workerCode === 'MOVED') expectTypeOf(error.details).toEqualTypeOf<{ to: string }>();
    else expectTypeOf(error.details).toEqualTypeOf<{ left: number }>();
  }
  if (shelf.isError(error, 'MOVED')) expectTypeOf(error).toEqualTypeOf<CallError<'MOVED', { to: string }>>();
  shelf.error('MOVED', { to: 'B' });
  // @ts-expect-error – no such code
  shelf.isError(error, 'BURNT');
  // @ts-expect-error – no such code
  shelf.error('BURNT', {});
  // @ts-expect-error – these are the details of another code
  shelf.error('MOVED', { left: 1 });
  // @ts-expect-error – there is no error that it declares
  shop.error('ANY', undefined);
}

export function handlersGetWhatTheRequestMakesAndGiveWhatTheReplyTakes() {
  const handler = implement(order, (input, context) => {
    expectTypeOf(input).toEqualTypeOf<{ sku: string; quantity: number; note?: number | undefined }>();
    expectTypeOf(context).toEqualTypeOf<CallContext>();
    return { id: input.sku, at: '2026-02-03T04:05:06Z' };
  });
  expectTypeOf(handler).toEqualTypeOf<ServedHandler>();
  expectTypeOf(handler).toExtend<Handler>();
  new Worker(order.name, handler);
  implement(shop, async ({ quantity }) => {
    expectTypeOf(quantity).toEqualTypeOf<number>();
    return '3';
  });
  implement(build, async function* ({ steps }) {
    yield { step: steps };
    return { took: 1 };
  });
  implement(lookup, async function* ({ word }) {
    yield 1;
    return [word];
  });
  // A service with progress need not tell any.
  implement(build, () => ({ took: 1 }));

  // @ts-expect-error – the reply has an id
  implement(order, () => ({ at: '2026-02-03T04:05:06Z' }));
  // @ts-expect-error – the handler gives the text of a date; the client gets the Date
  implement(order, () => ({ id: 'x', at: new Date() }));
  // @ts-expect-error – nor as a promise
  implement(order, async () => ({ id: 1, at: '' }));
  // @ts-expect-error – valibot: the handler gives the text; the client gets the number
  implement(shop, () => 3);
  // @ts-expect-error – a contract without progress has no yield
  implement(shop, async function* () {
    yield 1;
    return '3';
  });
  // @ts-expect-error – a step is a number
  implement(build, async function* () {
    yield { step: 'one' };
    return { took: 1 };
  });
  // @ts-expect-error – the reply is missing
  implement(build, async function* () {
    yield { step: 1 };
  });
}

export function definitionsAreChecked() {
  // @ts-expect-error – a reply is missing
  void (() => defineService({ name: 'x', request: z.string() }));
  // @ts-expect-error – text is no schema
  void (() => defineService({ name: 'x', request: 'string', reply: z.string() }));
  // @ts-expect-error – no such encoding
  void (() => defineService({ name: 'x', request: z.string(), reply: z.string(), encoding: 'xml' }));
  // @ts-expect-error – no such option
  void (() => defineService({ name: 'x', request: z.string(), reply: z.string(), response: z.string() }));
}
