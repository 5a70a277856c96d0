import { leakCheck } from '@majordomo/testkit';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { defineService, implement } from '../src/index';
import { closeAll, newBroker, newClient, newWorker, rejection } from './support';

leakCheck();
afterEach(closeAll);

/** The same service by several libraries: text in, its length times a factor of 2 unless said out. */
const SERVICES = [
  [
    'zod 4',
    defineService({
      name: 'measure',
      request: z.object({ texts: z.array(z.string()), factor: z.number().default(2) }),
      reply: z.object({ length: z.string().transform(Number) }),
    }),
  ],
  [
    'valibot',
    defineService({
      name: 'measure',
      request: v.object({ texts: v.array(v.string()), factor: v.optional(v.number(), 2) }),
      reply: v.object({ length: v.pipe(v.string(), v.transform(Number)) }),
    }),
  ],
  [
    'arktype',
    defineService({
      name: 'measure',
      request: type({ texts: 'string[]', factor: 'number = 2' }),
      reply: type({ length: 'string.numeric.parse' }),
    }),
  ],
] as const;

describe.each(SERVICES)('a contract of %s', (_, contract) => {
  const measure = contract as (typeof SERVICES)[0][1];

  test('makes of input and reply what its schemas say, and names the path of what does not fit', async () => {
    const endpoint = await newBroker();
    const handler = implement(measure, ({ texts, factor }) => ({
      length: String(texts.join('').length * factor),
    }));
    await newWorker('measure', handler, endpoint);
    const client = newClient(endpoint, 'packed');
    expect(await client.call(measure, { texts: ['ab', 'c'] })).toEqual({ length: 6 });
    expect(await client.call(measure, { texts: ['ab'], factor: 1 })).toEqual({ length: 2 });
    const wrong = { texts: ['a', 7] } as never;
    expect(await rejection(client.call(measure, wrong))).toMatchObject({ path: 'texts[1]', side: 'client' });
    const told = await client
      .request('measure', JSON.stringify(wrong), { contentType: 'application/json' })
      .catch((error: unknown) => error);
    expect(told).toMatchObject({
      workerCode: 'CONTRACT_MISMATCH',
      message: expect.stringContaining('at texts[1]: '),
    });
  });
});

test('a schema that checks asynchronously is waited for', async () => {
  const slow: StandardSchemaV1<string, number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) =>
        typeof value === 'string'
          ? { value: value.length }
          : { issues: [{ message: 'should be text', path: [{ key: 'a b' }] }] },
    },
  };
  const contract = defineService({ name: 'slow', request: slow, reply: z.number() });
  const endpoint = await newBroker();
  await newWorker(
    'slow',
    implement(contract, (length) => length),
    endpoint,
  );
  const client = newClient(endpoint, 'packed');
  expect(await client.call(contract, 'four')).toBe(4);
  expect(await rejection(client.call(contract, 4 as never))).toMatchObject({
    path: '["a b"]',
    issues: [{ path: '["a b"]', message: 'should be text' }],
  });
});

test('what a schema promises is waited for, whoever made the promise', async () => {
  const promised: StandardSchemaV1<string, string> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () =>
        ({ then: (told: (result: unknown) => void) => told({ issues: [{ message: 'no' }] }) }) as never,
    },
  };
  const contract = defineService({ name: 'x', request: promised, reply: z.string() });
  await expect(contract.encodeRequest('a')).rejects.toMatchObject({ issues: [{ path: '', message: 'no' }] });
});

test('a schema that throws is a ContractError with its cause', async () => {
  const cause = new RangeError('too deep for me');
  const request = z.string().refine(() => {
    throw cause;
  });
  const contract = defineService({ name: 'x', request, reply: z.string() });
  await expect(contract.encodeRequest('a')).rejects.toMatchObject({
    code: 'CONTRACT_MISMATCH',
    issues: [{ path: '', message: 'its schema threw an error: too deep for me' }],
    cause,
  });
});

test.each([
  ['a name that is none', { name: '' }, 'INVALID_SERVICE', /A service name is/],
  ['no request', { request: undefined }, 'INVALID_OPTIONS', /of x does not fit: request: should be a schema/],
  ['text in place of a schema', { reply: 'string' }, 'INVALID_OPTIONS', /reply: should be a schema/],
  ['progress that is no schema', { progress: {} }, 'INVALID_OPTIONS', /progress: should be a schema/],
  [
    'a code that is none',
    { errors: { gone: z.void() } },
    'INVALID_OPTIONS',
    /"gone" should be 1 to 64 capitals/,
  ],
  ['a code of workers', { errors: { CONTRACT_MISMATCH: z.void() } }, 'INVALID_OPTIONS', /take another code/],
  [
    'an error that has no schema',
    { errors: { GONE: 1 } },
    'INVALID_OPTIONS',
    /errors\.GONE: should be a schema/,
  ],
  ['an encoding that is none', { encoding: 'toString' }, 'INVALID_OPTIONS', /encoding: should be 'json' or/],
  ['an option that is none', { response: z.void() }, 'INVALID_OPTIONS', /has no response/],
  [
    'a toJsonSchema that is none',
    { toJsonSchema: 1 },
    'INVALID_OPTIONS',
    /toJsonSchema: should be a function/,
  ],
])('%s is refused', (_, wrong, code, message) => {
  const definition = { name: 'x', request: z.string(), reply: z.string(), ...wrong } as never;
  let error: unknown;
  try {
    defineService(definition);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

test('a definition that is none is refused', () => {
  expect(() => defineService(null as never)).toThrow('should be an object');
});
