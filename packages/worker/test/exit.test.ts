import { leakCheck, runProcess } from '@majordomo/testkit';
import { closeAll, listen, next, ready } from './helpers';
import { closePackedBrokers, PackedBroker } from './packed-broker';

/*
 * Processes of their own, so these tests run what was built: `npx lerna run build --scope @majordomo/worker`.
 */

leakCheck();
afterEach(async () => {
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
    const { code, stdout, stderr } = await runProcess(process.execPath, args, { timeoutMs: 10_000 });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
    await ready(broker);
    await next(broker, 'disconnect');
  });

  test.each(['close', 'drain'])('so it does after %s at a packed broker', async (end) => {
    const broker = await PackedBroker.listen();
    const type = format === 'esm' ? 'module' : 'commonjs';
    const script = (imports[format] + body).replace("protocol: 'mdp/0.2', ", '');
    const args = [`--input-type=${type}`, '-e', script, broker.endpoint, end];
    const { code, stdout, stderr } = await runProcess(process.execPath, args, { timeoutMs: 10_000 });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
    await broker.ready();
    if (end === 'drain') await broker.next('draining');
    await broker.next('disconnect');
  });

  test('an unreachable broker does not hold up the end', async () => {
    const script = `${imports[format]}
      const worker = new Worker('echo', () => '', { brokers: ['tcp://127.0.0.1:1', 'inproc://nobody'] });
      worker.start().then(() => setTimeout(() => worker.drain(), 100));`;
    const type = format === 'esm' ? 'module' : 'commonjs';
    const args = [`--input-type=${type}`, '-e', script];
    expect(await runProcess(process.execPath, args, { timeoutMs: 10_000 })).toMatchObject({ code: 0 });
  });
});
