import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { closeAllSockets, eventually, killAllProcesses, leakCheck, startProcess } from '@majordomo/testkit';
import { closeAll, counted, newBroker, serve } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);
afterEach(killAllProcesses);

/** Programs find the built packages from here, as one that has installed them would. */
const cwd = resolve(__dirname, '../..');

const modules = [
  { kind: 'ESM', args: ['--input-type=module', '-e'], load: `import { Client } from '@majordomo/client';` },
  {
    kind: 'CJS',
    args: ['--input-type=commonjs', '-e'],
    load: `const { Client } = require('@majordomo/client');`,
  },
];

/** Far less than any timer of a client, and more than a slow machine takes to end a process. */
const PROMPT_MS = 2_000;

describe.each(modules)('a program of $kind', ({ args, load }) => {
  const run = (endpoint: string, program: string) =>
    startProcess(process.execPath, [...args, `${load}\nvoid (async () => {${program}})();`], {
      cwd,
      env: { BROKER: endpoint },
    });

  async function endsPromptly(child: ReturnType<typeof run>): Promise<void> {
    await child.waitForLine('closed');
    const closedAt = performance.now();
    expect(await child.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - closedAt).toBeLessThan(PROMPT_MS);
    expect(child.stderr).toBe('');
  }

  test('gets its reply and ends once the client is closed', async () => {
    const { endpoint } = await newBroker();
    await serve(endpoint, 'echo');
    const child = run(
      endpoint,
      `const client = new Client({ brokers: process.env.BROKER });
       const replies = await Promise.all([1, 2, 3].map((n) => client.request('echo', 'hello ' + n)));
       console.log(replies.map((reply) => reply.text()).join());
       client.close();
       console.log('closed');`,
    );
    await child.waitForLine('hello 1,hello 2,hello 3');
    await endsPromptly(child);
  });

  test('ends with requests and streams under way, and the broker withdraws them', async () => {
    const { endpoint, broker } = await newBroker();
    const child = run(
      endpoint,
      `const client = new Client({ brokers: process.env.BROKER });
       const stream = client.stream('none');
       const codes = Promise.all([client.request('none'), stream.next()].map((each) => each.catch(({ code }) => code)));
       const counted = async () => (await client.request('mmi.broker')).json(1).counters.requests;
       while ((await counted()) < 2);
       client.close();
       console.log((await codes).join());
       console.log('closed');`,
    );
    await child.waitForLine('CLOSED,CLOSED');
    await endsPromptly(child);
    await eventually(() => counted(broker, 'withdrawn') === 2);
  });

  test('ends where no broker was ever reached', async () => {
    const { endpoint, broker } = await newBroker();
    await broker.close();
    const child = run(
      endpoint,
      `const client = new Client({ brokers: [process.env.BROKER, 'tcp://no-such-host.invalid:5555'] });
       console.log(await client.request('echo', 'x', { timeoutMs: 200 }).catch((error) => error.message));
       client.request('echo').catch(() => undefined);
       client.close();
       console.log('closed');`,
    );
    const [line] = await child.waitForLine(/^No reply from echo.*/);
    expect(line).toContain('no broker reachable for ');
    expect(line).toContain('tcp://no-such-host.invalid:5555: host not found or not reachable');
    await endsPromptly(child);
  });
});

test('the example of the README runs', async () => {
  const { endpoint } = await newBroker();
  await serve(endpoint, 'echo');
  const readme = readFileSync(resolve(cwd, 'README.md'), 'utf8');
  const [, example] = /```js\n(.*?)```/s.exec(readme) ?? [];
  expect(example).toContain('tcp://127.0.0.1:5555');
  const program = example!.replace('tcp://127.0.0.1:5555', endpoint);
  const child = startProcess(process.execPath, ['--input-type=module', '-e', program], { cwd });
  expect(await child.exit).toEqual({ code: 0, signal: null });
  expect([child.stdout, child.stderr]).toEqual(['hello\n', '']);
});
