import { type } from 'arktype';
import fc from 'fast-check';
import * as v from 'valibot';
import { z } from 'zod';
import { contractDiff, contractSnapshot, defineService, type AnySchema, type JsonSchema } from '../src/index';
import { misfits } from '../src/diff/fit';
import { build, order, photo } from './support';

/** What is said of values of one zod schema that are read by another. */
const said = (sent: z.ZodType, taken: z.ZodType) => {
  const of = (request: z.ZodType) =>
    contractSnapshot(defineService({ name: 'x', request, reply: z.void() })).request;
  return misfits(of(sent), of(taken)).map(({ path, message }) =>
    path === '' ? message : `${path} ${message}`,
  );
};

const tree: z.ZodType = z.object({
  value: z.string(),
  get children() {
    return z.array(tree);
  },
});
const wideTree: z.ZodType = z.object({
  value: z.union([z.string(), z.number()]),
  get children() {
    return z.array(wideTree).optional();
  },
});
const shape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('circle'), radius: z.number() }),
  z.object({ kind: z.literal('square'), side: z.number() }),
]);
const moreShapes = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('circle'), radius: z.number().optional() }),
  z.object({ kind: z.literal('square'), side: z.number() }),
  z.object({ kind: z.literal('line'), length: z.number() }),
]);

describe('values of one schema are taken by another', () => {
  test.each<[string, z.ZodType, z.ZodType]>([
    ['the same', order.request, order.request],
    ['anything', tree, z.unknown()],
    ['integers as numbers', z.int().min(1), z.number()],
    ['tighter bounds', z.number().min(2).max(3), z.number().min(1).max(3)],
    ['above 0 as at least 1, of integers', z.int().positive(), z.int().min(1)],
    ['multiples of multiples', z.number().multipleOf(6), z.number().multipleOf(3)],
    ['shorter text', z.string().min(2).max(5), z.string().max(9)],
    ['the same format', z.iso.datetime(), z.iso.datetime()],
    ['formats as text', z.uuid(), z.string()],
    ['a literal as one of an enum', z.literal('a'), z.enum(['a', 'b'])],
    ['an enum as text', z.enum(['a', 'bc']), z.string().max(2)],
    ['numbers that are listed, as a number in bounds', z.literal([1, 2]), z.int().min(1).max(2)],
    ['booleans as literals', z.boolean(), z.literal([true, false, null])],
    ['what is never null', z.string(), z.string().nullable()],
    ['one of an alternative', z.number(), z.union([z.string(), z.number()])],
    [
      'alternatives in another order',
      z.union([z.string(), z.int()]),
      z.union([z.number(), z.string(), z.null()]),
    ],
    ['a property more', z.object({ a: z.string(), b: z.string() }), z.object({ a: z.string() })],
    [
      'a property that may be missing',
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.int().optional() }),
    ],
    ['a property with a default', z.object({}), z.object({ b: z.int().default(1) })],
    ['a property that is never there', z.object({ a: z.never().optional() }), z.strictObject({})],
    ['lists', z.array(z.int()).min(1), z.array(z.number())],
    ['tuples as lists', z.tuple([z.int(), z.int()]), z.array(z.number())],
    ['records', z.record(z.string(), z.int()), z.record(z.string(), z.number())],
    ['objects as records', z.object({ a: z.int() }), z.record(z.string(), z.number())],
    [
      'intersections',
      z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() })),
      z.object({ a: z.number(), b: z.number() }),
    ],
    [
      'intersections by their parts',
      z.object({ a: z.int(), b: z.int() }),
      z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() })),
    ],
    [
      'several patterns, in tighter bounds',
      z.string().regex(/a/).regex(/b/).max(5),
      z.string().regex(/b/).regex(/a/).max(9),
    ],
    ['one pattern more than is asked for', z.string().regex(/a/).regex(/b/), z.string().regex(/b/)],
    ['multiples of several', z.number().multipleOf(12), z.number().multipleOf(4).multipleOf(6)],
    ['unions that are told apart', shape, moreShapes],
    [
      'one of unions that are told apart by unions',
      shape,
      z.discriminatedUnion('kind', [shape, moreShapes.options[2]]),
    ],
    [
      'properties by a pattern',
      z.looseRecord(z.string().regex(/^x-/), z.int()),
      z.record(z.string(), z.number()),
    ],
    ['what refers to itself', tree, tree],
    ['what refers to itself, and more', tree, wideTree],
    [
      'what JSON Schema has no form for, as long as it is the same',
      z.object({ at: z.date() }),
      z.object({ at: z.date() }),
    ],
  ])('%s', (_, sent, taken) => {
    expect(said(sent, taken)).toEqual([]);
  });
});

describe('values of one schema are not all taken by another', () => {
  test.each<[string, z.ZodType, z.ZodType, string[]]>([
    ['anything', z.unknown(), z.string(), ['anything may be sent, and only string is taken']],
    [
      'another type',
      z.object({ a: z.string() }),
      z.object({ a: z.int() }),
      ['a string may be sent, and only integer is taken'],
    ],
    ['numbers as integers', z.number(), z.int(), ['number may be sent, and only integer is taken']],
    [
      'wider bounds',
      z.number().min(0).max(9),
      z.number().min(1).lt(9),
      ['may be less than 1', 'may be no less than 9'],
    ],
    ['no bounds', z.string(), z.string().min(1).max(4), ['may be shorter than 1', 'may be longer than 4']],
    ['other multiples', z.number().multipleOf(4), z.number().multipleOf(3), ['may be no multiple of 3']],
    [
      'one multiple more',
      z.number().multipleOf(4),
      z.number().multipleOf(4).multipleOf(3),
      ['may be no multiple of 3'],
    ],
    [
      'one pattern more',
      z.string().regex(/a/),
      z.string().regex(/a/).regex(/b/),
      ['pattern is not the same: "a" is sent, "b" taken'],
    ],
    [
      'a literal that is of one pattern of two',
      z.literal('a'),
      z.string().regex(/a/).regex(/b/),
      ['"a" may be sent, and is not taken'],
    ],
    [
      'two unions at once',
      z.enum(['a', 'b']),
      z.intersection(z.union([z.literal('a'), z.literal('b')]), z.union([z.literal('b'), z.literal('c')])),
      ['"a" may be sent, and is not taken'],
    ],
    [
      'items of two lists at once',
      z.array(z.string()),
      z.intersection(z.array(z.string()), z.array(z.string().max(1))),
      ['[] may be longer than 1'],
    ],
    [
      'a property that another part has of any name',
      z.object({ a: z.number() }),
      z.intersection(z.object({ a: z.number() }), z.record(z.string(), z.string())),
      ['a number may be sent, and only string is taken'],
    ],
    [
      'what may be of two alternatives of which it is to be one',
      z.string(),
      z.xor([z.string(), z.string().max(3)]),
      ['may fit several of 2 alternatives of which one is taken'],
    ],
    [
      'a literal that is of two alternatives of which it is to be one',
      z.literal('abc'),
      z.xor([z.string(), z.string().max(3)]),
      ['"abc" may be sent, and is not taken'],
    ],
    [
      'properties by a pattern, for others of any name',
      z.looseRecord(z.string().regex(/^x-/), z.string()),
      z.record(z.string(), z.number()),
      ['[/^x-/] string may be sent, and only number is taken'],
    ],
    [
      'properties by a pattern, for one of that name',
      z.looseRecord(z.string().regex(/^x-/), z.string()),
      z.object({ 'x-a': z.number().optional() }),
      ['["x-a"] string may be sent, and only number is taken'],
    ],
    [
      'another format',
      z.uuid(),
      z.email(),
      [
        'format is not the same: "uuid" is sent, "email" taken',
        expect.stringMatching(/^pattern is not the same: /),
      ],
    ],
    [
      'one of an enum that went',
      z.enum(['a', 'b', 'c']),
      z.enum(['a', 'c']),
      ['"b" may be sent, and is not taken'],
    ],
    [
      'text for an enum',
      z.string(),
      z.enum(['a']),
      ['more may be sent than "a", which is all that is taken'],
    ],
    [
      'text of a list beyond a bound',
      z.enum(['a', 'long']),
      z.string().max(3),
      ['"long" may be sent, and is not taken'],
    ],
    ['null', z.string().nullable(), z.string(), ['null may be sent, and is not taken']],
    [
      'an alternative',
      z.union([z.string(), z.array(z.int())]),
      z.string(),
      ['array may be sent, and only string is taken'],
    ],
    [
      'alternatives',
      z.array(z.int()),
      z.union([z.string(), z.boolean()]),
      ['fits none of 2 alternatives that are taken'],
    ],
    [
      'a property that has to be there',
      z.object({ a: z.int().optional() }),
      z.object({ a: z.int(), b: z.int() }),
      ['a may be left out, and is required', 'b is not sent, and is required'],
    ],
    [
      'a property that nobody knows',
      z.object({ a: z.int(), 'x-y': z.int() }),
      z.strictObject({ a: z.int() }),
      ['["x-y"] may be sent, and is not taken'],
    ],
    [
      'properties of any name',
      z.looseObject({}),
      z.object({ a: z.int() }),
      ['a anything may be sent, and only integer is taken', 'a is not sent, and is required']
        .slice(0, 1)
        .concat('a may be left out, and is required'),
    ],
    [
      'properties of any name to who takes none',
      z.record(z.string(), z.int()),
      z.strictObject({}),
      ['.* may be sent, and is not taken'],
    ],
    [
      'items',
      z.object({ a: z.array(z.object({ b: z.string() })) }),
      z.object({ a: z.array(z.object({ b: z.int() })) }),
      ['a[].b string may be sent, and only integer is taken'],
    ],
    [
      'items of tuples',
      z.tuple([z.string(), z.string()]),
      z.tuple([z.string(), z.int()]),
      ['[1] string may be sent, and only integer is taken'],
    ],
    [
      'fewer items',
      z.array(z.int()).max(9),
      z.array(z.int()).min(1).max(3),
      ['may have fewer items than 1', 'may have more items than 3'],
    ],
    [
      'a shape that nobody knows',
      moreShapes,
      shape,
      ['radius may be left out, and is required', 'fits none of 2 alternatives that are taken'],
    ],
    [
      'what refers to itself, and more',
      wideTree,
      tree,
      [
        'value number may be sent, and only string is taken',
        'children[].value number may be sent, and only string is taken',
        'children[].children may be left out, and is required',
        'children may be left out, and is required',
      ],
    ],
    [
      'what JSON Schema has no form for',
      z.object({ at: z.string() }),
      z.object({ at: z.date() }),
      ['at x-type is not the same: none is sent, "date" taken'],
    ],
    [
      'dates to who takes text',
      z.object({ at: z.date() }),
      z.object({ at: z.string() }),
      ['at anything may be sent, and only string is taken'],
    ],
  ])('%s', (_, sent, taken, expected) => {
    expect(said(sent, taken)).toEqual(expected);
  });
});

describe('schemas as they come from elsewhere', () => {
  test.each<[string, JsonSchema, JsonSchema, string[]]>([
    [
      'definitions',
      { $ref: '#/definitions/a~1b', definitions: { 'a/b': { type: 'string' } } },
      { $defs: { s: { type: 'string' } }, $ref: '#/$defs/s' },
      [],
    ],
    [
      'a reference with something beside it',
      { $defs: { s: { type: 'string' } }, $ref: '#/$defs/s', maxLength: 3 },
      { type: 'string', maxLength: 3 },
      [],
    ],
    ['references to nothing', { $ref: '#/x' }, { $ref: '#/x' }, []],
    [
      'references to nothing and something',
      { type: 'string' },
      { $ref: 'https://example.com/x' },
      ['$ref is not the same'],
    ],
    ['references that are none', { type: 'string' }, { $ref: '#/%zz' }, ['$ref is not the same']],
    ['references that go round', { $ref: '#' }, { type: 'string' }, ['anything may be sent']],
    [
      'tuples of draft 7',
      { type: 'array', items: [{ type: 'string' }], additionalItems: false },
      { type: 'array', prefixItems: [{ type: 'string' }], items: false },
      [],
    ],
    [
      'annotations',
      { title: 'a', type: 'string', examples: ['x'] },
      { description: 'b', type: 'string' },
      [],
    ],
    [
      'the order of keys',
      { type: 'object', 'x-y': { a: 1, b: 2 } },
      { 'x-y': { b: 2, a: 1 }, type: 'object' },
      [],
    ],
    [
      'words that are not known',
      { type: 'string' },
      { type: 'string', if: { minLength: 2 }, then: false },
      ['if is not the same', 'then is not the same'],
    ],
    ['nothing', { type: 'string' }, { not: {} }, ['may be sent, and is not taken']],
    ['from nothing', { not: true }, { type: 'string' }, []],
    [
      'items that are not alike',
      { type: 'array' },
      { type: 'array', uniqueItems: true },
      ['may have the same item twice'],
    ],
    ['objects that are listed', { const: { a: 1 } }, { enum: [{ a: 1 }, 2] }, []],
    [
      'objects that are listed, to who looks at them',
      { const: { a: 1 } },
      { type: 'object', required: ['a'] },
      ['{"a":1} may be sent'],
    ],
    ['patterns that are none', { const: 'a' }, { type: 'string', pattern: '(' }, ['"a" may be sent']],
    [
      'types by intersection',
      { allOf: [{ type: ['integer', 'string'] }, { type: ['number', 'null'] }] },
      { type: 'integer' },
      [],
    ],
  ])('%s', (_, sent, taken, expected) => {
    const found = misfits(sent, taken).map(({ message }) => message);
    expect(found).toEqual(expected.map((start) => expect.stringContaining(start)));
  });

  test('a schema without end is not compared without end', () => {
    const endless = (name: string): JsonSchema => ({
      $defs: {
        a: {
          allOf: [{ properties: { n: { $ref: '#/$defs/a' } } }, { properties: { n: { $ref: '#/$defs/a' } } }],
        },
      },
      $ref: '#/$defs/a',
      'x-name': name,
    });
    expect(misfits(endless('a'), endless('b')).length).toBeGreaterThan(0);
  });

  test.each<[string, JsonSchema]>([
    ['of itself and itself', { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' }],
    [
      'of itself or itself',
      { $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' },
    ],
  ])('what is made %s is too large', (_, schema) => {
    const tooLarge = [{ path: '', message: expect.stringMatching(/ to be compared$/) }];
    expect(misfits({ type: 'string' }, schema)).toEqual(tooLarge);
    expect(misfits({ const: 1 }, schema)).toEqual(tooLarge);
    expect(misfits(schema, { type: 'string' })).toEqual(tooLarge);
  });

  test('whatever is found to fit, is taken', () => {
    const leaf = fc.oneof(
      fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ type: fc.constant('string'), maxLength: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ type: fc.constant(['integer', 'null']) }),
      fc.record({ type: fc.constant('string'), pattern: fc.constantFrom('a', 'bc') }),
      fc.record({
        enum: fc.uniqueArray(fc.constantFrom<unknown>(0, 1, 'a', 'abc', null, true), { minLength: 1 }),
      }),
    );
    const object = fc
      .record({ a: leaf, b: leaf, needed: fc.subarray(['a', 'b']), closed: fc.boolean() })
      .map(({ a, b, needed, closed }) => ({
        type: 'object',
        properties: closed ? { a } : { a, b },
        required: closed ? needed.filter((key) => key === 'a') : needed,
        ...(closed && { additionalProperties: false }),
      }));
    const list = leaf.map((items) => ({ type: 'array', items }));
    const one = fc.oneof(leaf, object, list);
    const schema = fc.oneof(
      one,
      fc.tuple(leaf, object).map((anyOf) => ({ anyOf })),
      fc.tuple(one, one).map((allOf) => ({ allOf })),
      fc.tuple(leaf, leaf).map((oneOf) => ({ oneOf })),
      fc.tuple(fc.tuple(leaf, leaf), one).map(([anyOf, part]) => ({ allOf: [{ anyOf }, part] })),
    );
    const scalar = fc.constantFrom<unknown>(0, 1, 2, 4, 'a', 'abc', 'abcd', null, true, false);
    const value = fc.oneof(
      scalar,
      fc.array(scalar, { maxLength: 2 }),
      fc.record({ a: scalar, b: scalar }, { requiredKeys: [] }),
    );
    let fitting = 0;
    fc.assert(
      fc.property(
        schema,
        schema,
        fc.array(value, { minLength: 20, maxLength: 40 }),
        (sent, taken, values) => {
          if (misfits(sent, taken).length > 0) return;
          fitting++;
          const [sends, takes] = [z.fromJSONSchema(sent as never), z.fromJSONSchema(taken as never)];
          for (const each of values) {
            const isSent = sends.safeParse(each).success && mentioned(sent, each);
            if (isSent)
              expect({ sent, taken, each, taken_: takes.safeParse(each).success }).toMatchObject({
                taken_: true,
              });
          }
        },
      ),
      { numRuns: 4_000 },
    );
    expect(fitting).toBeGreaterThan(50);
  });
});

/** True where an object has no property but those that a schema mentions: others are not sent. */
function mentioned(schema: JsonSchema, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  const { anyOf = [schema] } = schema as { anyOf?: JsonSchema[] };
  return (anyOf as JsonSchema[]).every(
    ({ properties }) => !properties || Object.keys(value).every((key) => key in (properties as object)),
  );
}

describe('a contract that changes', () => {
  const before = defineService({
    name: 'order',
    request: z.object({ sku: z.string(), quantity: z.int().default(1) }),
    reply: z.object({ id: z.string() }),
    progress: z.object({ step: z.int() }),
    errors: { OUT_OF_STOCK: z.object({ left: z.int() }) },
  });
  const { name, request, reply, progress, errors } = before;
  const was = { name, request, reply, progress: progress!, errors };

  test.each<[string, Partial<Record<keyof typeof was, unknown>>, string[], string[]]>([
    ['not at all', {}, [], []],
    [
      'by an optional property of the request',
      { request: request.extend({ note: z.string().optional() }) },
      [],
      [],
    ],
    [
      'by a property that the request needs',
      { request: request.extend({ note: z.string() }) },
      ['request.note is not sent, and is required'],
      [],
    ],
    [
      'by one that it needs no more',
      { request: request.partial() },
      [],
      ['request.sku may be left out, and is required'],
    ],
    [
      'by a property of the reply',
      { reply: reply.extend({ at: z.string() }) },
      [],
      ['reply.at is not sent, and is required'],
    ],
    ['by an optional one', { reply: reply.extend({ at: z.string().optional() }) }, [], []],
    [
      'by one that the reply has no more',
      { reply: z.object({}) },
      ['reply.id is not sent, and is required'],
      [],
    ],
    [
      'by what progress says',
      { progress: z.object({ step: z.string() }) },
      ['progress.step string may be sent, and only integer is taken'],
      ['progress.step integer may be sent, and only string is taken'],
    ],
    ['by progress that went', { progress: undefined }, [], []],
    ['by an error more', { errors: { ...errors, GONE: z.void() } }, [], []],
    ['by an error less', { errors: {} }, [], []],
    [
      'by the details of an error',
      { errors: { OUT_OF_STOCK: z.object({ left: z.number() }) } },
      ['errors.OUT_OF_STOCK.left number may be sent, and only integer is taken'],
      [],
    ],
    [
      'by its name',
      { name: 'orders' },
      [expect.stringMatching(/^name is orders now/)],
      [expect.stringMatching(/^name is orders now/)],
    ],
    [
      'by the request as a whole',
      { request: z.array(z.string()) },
      ['request object may be sent, and only array is taken'],
      ['request array may be sent, and only object is taken'],
    ],
  ])('%s', (_, change, oldClients, oldWorkers) => {
    const after = defineService({ ...was, ...change } as typeof was);
    const diff = contractDiff(before, after);
    const told = ({ reasons }: { readonly reasons: readonly { path: string; message: string }[] }) =>
      reasons.map(({ path, message }) => `${path} ${message}`);
    expect([told(diff.oldClients), told(diff.oldWorkers)]).toEqual([oldClients, oldWorkers]);
    expect(diff.oldClients.compatible).toBe(oldClients.length === 0);
    expect(diff.oldWorkers.compatible).toBe(oldWorkers.length === 0);
    expect(diff.compatible).toBe(oldClients.length + oldWorkers.length === 0);
    expect(
      contractDiff(JSON.parse(JSON.stringify(contractSnapshot(before))), contractSnapshot(after)),
    ).toEqual(diff);
  });
});

describe('a snapshot', () => {
  test('has what is on the wire: what schemas take, not what they make of it', () => {
    const { request, reply, errors, ...rest } = contractSnapshot(order);
    expect(rest).toEqual({ format: 'majordomo-contract/1', name: 'order', encoding: 'json' });
    expect(request).toMatchObject({ required: ['sku'], properties: { note: { type: 'string' } } });
    expect(reply).toMatchObject({ properties: { at: { type: 'string', format: 'date-time' } } });
    expect(Object.keys(errors)).toEqual(['OUT_OF_STOCK', 'CLOSED']);
    expect(contractSnapshot(build).progress).toMatchObject({ required: ['step'] });
    expect(contractSnapshot(photo).request).toMatchObject({
      properties: { bytes: { 'x-type': 'custom' }, taken: { 'x-type': 'date' } },
    });
  });

  test('is of arktype, and of any library with the means for it', () => {
    const ark = defineService({ name: 'x', request: type({ a: 'number = 3' }), reply: type('string') });
    expect(contractSnapshot(ark).request).toMatchObject({ properties: { a: { type: 'number' } } });
    const asked: AnySchema[] = [];
    const request = v.object({ a: v.number() });
    const valibot = defineService({
      name: 'x',
      request,
      reply: v.string(),
      toJsonSchema: (schema) => (asked.push(schema), { type: 'object' }),
    });
    expect(contractSnapshot(valibot).request).toEqual({ type: 'object' });
    expect(asked[0]).toBe(request);
    const without = defineService({ name: 'x', request, reply: v.string() });
    expect(() => contractSnapshot(without)).toThrow(
      'The request of x has no JSON Schema: its library (valibot) gives none; give the contract a toJsonSchema.',
    );
    const failing = defineService({
      name: 'x',
      request,
      reply: request,
      toJsonSchema: () => {
        throw new Error('no form for it');
      },
    });
    expect(() => contractSnapshot(failing)).toThrow('The request of x has no JSON Schema: no form for it.');
  });

  test.each([
    ['null', null, 'its format should be majordomo-contract/1, got undefined'],
    ['another format', { format: 'x' }, 'got "x"'],
    ['no name', { format: 'majordomo-contract/1', name: '' }, 'its name is no name of a service'],
    ['no encoding', { ...contractSnapshot(order), encoding: 'xml' }, 'the encoding of order is none'],
    ['no reply', { ...contractSnapshot(order), reply: [] }, 'the reply of order is no schema'],
    ['no errors', { ...contractSnapshot(order), errors: null }, 'the errors of order are none'],
    [
      'an error that is none',
      { ...contractSnapshot(order), errors: { a: {} } },
      'the error a of order is none',
    ],
  ])('that is none is refused: %s', (_, value, message) => {
    expect(() => contractDiff(value as never, order)).toThrow(message);
  });
});
