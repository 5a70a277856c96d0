import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { leakCheck } from '@majordomo/testkit';
import { fileWith, majordomo, removeFiles } from './majordomo';

leakCheck();
afterEach(removeFiles);

const CONTRACTS = pathToFileURL(resolve(__dirname, '../../contracts/dist/index.js')).href;
const ZOD = pathToFileURL(require.resolve('zod')).href.replace(/index\.cjs$/, 'index.js');

/** A module that exports contracts; a new one each time, for modules are loaded once. */
const moduleWith = (text: string) =>
  fileWith(
    'contracts.mjs',
    `import { defineService } from '${CONTRACTS}';\nimport { z } from '${ZOD}';\n${text}`,
  );

const BEFORE = `
  export const order = defineService({
    name: 'order',
    request: z.object({ sku: z.string() }),
    reply: z.object({ id: z.string() }),
  });
  export const others = [
    defineService({ name: 'ping', request: z.void(), reply: z.void() }),
    defineService({ name: 'gone', request: z.string(), reply: z.string() }),
    'no contract',
  ];`;
const AFTER = `
  export const order = defineService({
    name: 'order',
    request: z.object({ sku: z.string(), quantity: z.int() }),
    reply: z.object({ id: z.string() }),
  });
  export default order;
  export const ping = defineService({ name: 'ping', request: z.void(), reply: z.void() });
  export const fresh = defineService({ name: 'fresh', request: z.string(), reply: z.string() });`;

test('check says of each service whether peers of before go on, and why not', async () => {
  const files = [await moduleWith(BEFORE), await moduleWith(AFTER)];
  const { code, stdout, stderr } = await majordomo(['contract', 'check', ...files]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout.replace(/ {2,}/g, '  ')).toBe(
    [
      'SERVICE  WHOSE  VERDICT  WHERE  WHY',
      'order  old clients  break  request.quantity  is not sent, and is required',
      'order  old workers  ok  -  -',
      'ping  old clients  ok  -  -',
      'ping  old workers  ok  -  -',
      'gone  old clients  break  name  is in the new file no more',
      'gone  old workers  break  name  is in the new file no more',
      'fresh  -  new  -  -',
      '',
    ].join('\n'),
  );
});

test('snapshots stand for modules, and --json says the same to programs', async () => {
  const snapshot = await majordomo(['contract', 'snapshot', await moduleWith(BEFORE)]);
  expect(snapshot).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(snapshot.stdout).map(({ name }: { name: string }) => name)).toEqual([
    'order',
    'ping',
    'gone',
  ]);
  const before = await fileWith('before.json', snapshot.stdout);
  expect(await majordomo(['contract', 'check', before, before])).toMatchObject({ code: 0 });
  const { code, stdout } = await majordomo(['contract', 'check', '--json', before, await moduleWith(AFTER)]);
  expect(code).toBe(1);
  const reason = { path: 'request.quantity', message: 'is not sent, and is required' };
  expect(JSON.parse(stdout)).toMatchObject([
    {
      name: 'order',
      change: 'compared',
      compatible: false,
      oldClients: { compatible: false, reasons: [reason] },
      oldWorkers: { compatible: true, reasons: [] },
    },
    { name: 'ping', change: 'compared', compatible: true },
    { name: 'gone', change: 'removed', compatible: false },
    { name: 'fresh', change: 'added', compatible: true },
  ]);
});

test.each([
  [
    'a file that is not there',
    ['check', 'none.json', 'none.json'],
    /^majordomo: none\.json does not exist\n$/,
  ],
  ['a module that is not there', ['snapshot', 'none.mjs'], /^majordomo: none\.mjs does not exist\n$/],
  [
    'one file to compare',
    ['check', 'a.json'],
    /^majordomo: contract check takes two files: the old and the new\n$/,
  ],
  [
    'two files to take a snapshot of',
    ['snapshot', 'a', 'b'],
    /^majordomo: contract snapshot takes one file\n$/,
  ],
  [
    'another action',
    ['compare', 'a', 'b'],
    /^majordomo: contract knows check and snapshot, got "compare"\n$/,
  ],
])('%s is a usage error', async (_, args, message) => {
  const { code, stdout, stderr } = await majordomo(['contract', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test.each([
  ['JSON that is none', 'x.json', '{', /x\.json cannot be loaded: /],
  [
    'JSON that is no snapshot',
    'x.json',
    '[{"format":1}]',
    /x\.json: This is no snapshot of a contract: its format/,
  ],
  [
    'a module without contracts',
    'x.mjs',
    'export const a = 1;',
    /x\.mjs has no contract: export what defineService/,
  ],
  // TypeScript is loaded by some versions of Node, and by others not.
  [
    'a module of TypeScript',
    'x.ts',
    'export const a: number = 1;',
    /has no contract|this version of Node loads no/,
  ],
  ['a module that throws', 'x.mjs', 'throw new Error("broken");', /x\.mjs cannot be loaded: broken/],
])('%s is a usage error that names the file', async (_, name, text, message) => {
  const { code, stderr } = await majordomo(['contract', 'snapshot', await fileWith(name, text)]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('two contracts of one service, or one without JSON Schema, are usage errors', async () => {
  const twice = await moduleWith(`
    const contract = () => defineService({ name: 'x', request: z.void(), reply: z.void() });
    export const [a, b] = [contract(), contract()];`);
  expect(await majordomo(['contract', 'snapshot', twice])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has two contracts of x'),
  });
  const bare = await moduleWith(`
    const schema = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
    export const x = defineService({ name: 'x', request: schema, reply: schema });`);
  expect(await majordomo(['contract', 'snapshot', bare])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('The request of x has no JSON Schema: its library (own) gives none'),
  });
});
