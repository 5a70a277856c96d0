import { join } from 'node:path';
import { killAllProcesses, leakCheck, runProcess, startProcess } from '@majordomo/testkit';
import { closeAll, listen, next, ready, texts } from './helpers';
import { closePackedBrokers, PackedBroker } from './packed-broker';

/*
 * Processes of their own, so these tests run what was built: `npm run --silent build:js`.
 */

leakCheck();
afterEach(async () => {
  await killAllProcesses();
  await closeAll();
  await closePackedBrokers();
});

const imports = {
  esm: `import { Worker } from '@majordomo/worker';`,
  cjs: `const { Worker } = require('@majordomo/worker');`,
};

const body = `
const worker = new Worker('echo', () => new Promise(() => {}), {
  brokers: process.argv[1], protocol: 'mdp/0.2', drainTimeoutMs: 50,
});
worker.once('registered', () => worker[process.argv[2]]().then(() => console.log(worker.state)));
worker.start();
`;

describe.each(['esm', 'cjs'] as const)('%s', (format) => {
  test.each(['close', 'drain'])('after %s the process says DISCONNECT and ends by itself', async (end) => {
    const broker = await listen();
    const type = format === 'esm' ? 'module' : 'commonjs';
    const args = [`--input-type=${type}`, '-e', imports[format] + body, broker.endpoint, end];
    const { code, stdout, stderr } = await runProcess(process.execPath, args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
    await ready(broker);
    await next(broker, 'disconnect');
  });

  test.each(['close', 'drain'])('so it does after %s at a packed broker', async (end) => {
    const broker = await PackedBroker.listen();
    const type = format === 'esm' ? 'module' : 'commonjs';
    const script = (imports[format] + body).replace("protocol: 'mdp/0.2', ", '');
    const args = [`--input-type=${type}`, '-e', script, broker.endpoint, end];
    const { code, stdout, stderr } = await runProcess(process.execPath, args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
    await broker.ready();
    if (end === 'drain') await broker.next('draining');
    await broker.next('disconnect');
  });

  test('with threads it serves, and ends by itself without a warning', async () => {
    const broker = await listen();
    const type = format === 'esm' ? 'module' : 'commonjs';
    const script = `${imports[format]}
      const worker = new Worker('echo', {
        brokers: process.argv[1], protocol: 'mdp/0.2', handlerFile: process.argv[2], threads: 1,
      });
      worker.once('registered', () => console.log('registered'));
      worker.start();
      process.once('SIGTERM', () => worker.drain().then(() => console.log(worker.state)));`;
    const handlerFile = join(__dirname, 'handlers/tricks.mjs');
    const args = [`--input-type=${type}`, '-e', script, broker.endpoint, handlerFile];
    const child = startProcess(process.execPath, args);
    await child.waitForLine('registered');
    const worker = await ready(broker);
    await broker.sendRequest(worker, 'c', 'echo', 'from a thread');
    expect(texts(await next(broker, 'final'))).toEqual(['from a thread']);
    child.kill();
    expect(await child.exit).toEqual({ code: 0, signal: null });
    expect({ stdout: child.stdout, stderr: child.stderr }).toEqual({
      stdout: 'registered\nclosed\n',
      stderr: '',
    });
  });

  test('an unreachable broker does not hold up the end', async () => {
    const script = `${imports[format]}
      const worker = new Worker('echo', () => '', { brokers: ['tcp://127.0.0.1:1', 'inproc://nobody'] });
      worker.start().then(() => setTimeout(() => worker.drain(), 100));`;
    const type = format === 'esm' ? 'module' : 'commonjs';
    const args = [`--input-type=${type}`, '-e', script];
    expect(await runProcess(process.execPath, args)).toMatchObject({ code: 0 });
  });
});
