import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { closeAllSockets, killAllProcesses, leakCheck, runProcess } from '@majordomo/testkit';
import { closeAll, newBroker, serve } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);
afterEach(killAllProcesses);

/** Programs find the built packages from here, as one that has installed them would. */
const cwd = resolve(__dirname, '../..');

const load = `import { Client } from '@majordomo/client';
const brokers = process.env.BROKER;
`;

/**
 * ZeroMQ tells of a connection through a pair of sockets. Where only one of them could be made, its thread would wait for
 * the other for ever, and with it all connections of the process.
 */
test('a process that runs out of files goes on with the connections it has, and connects again once there are some', async () => {
  const { endpoint } = await newBroker();
  await serve(endpoint, 'echo');
  const program = `${load}import { closeSync, openSync } from 'node:fs';
    const take = () => {
      const files = [];
      try {
        for (;;) files.push(openSync('/dev/null'));
      } catch {
        return files;
      }
    };
    const first = new Client({ brokers });
    await first.request('echo', 'warm');
    const codes = new Set();
    for (let left = 0; left < 8; left++) {
      const files = take();
      files.splice(0, left).forEach((file) => closeSync(file));
      const late = new Client({ brokers, timeoutMs: 100 });
      await late.request('echo', 'x').catch(({ code, message }) => codes.add(code + (/too many open file/i.test(message) ? ' files' : '')));
      await late.close();
      await first.request('echo', 'still there');
      files.forEach((file) => closeSync(file));
      const next = new Client({ brokers });
      await next.request('echo', 'and again');
      await next.close();
    }
    await first.close();
    console.log([...codes].join());`;
  const node = [process.execPath, '--input-type=module', '-e'];
  const run = await runProcess('sh', ['-c', 'ulimit -n 200 && exec "$@"', 'sh', ...node, program], {
    cwd,
    env: { BROKER: endpoint },
  });
  expect(run).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(run.stdout.trim().split(',')).toContain('TIMEOUT files');
});

test('signals that come by the thousand keep nobody from connecting', async () => {
  const { endpoint } = await newBroker();
  await serve(endpoint, 'echo');
  const directory = await mkdtemp(join(tmpdir(), 'majordomo-profile-'));
  try {
    const program = `${load}
      const client = new Client({ brokers, protocol: 'mdp/0.2', socketsMax: 600 });
      const replies = await Promise.all(Array.from({ length: 600 }, () => client.request('echo', 'x')));
      await client.close();
      console.log(replies.length);`;
    const profiler = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', directory];
    const args = [...profiler, '--input-type=module', '-e', program];
    const run = await runProcess(process.execPath, args, { cwd, env: { BROKER: endpoint } });
    expect(run).toMatchObject({ code: 0, signal: null, stdout: '600\n', stderr: '' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
