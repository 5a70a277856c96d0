import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, killAllProcesses, leakCheck, rawKeyPair } from '@majordomo/testkit';
import { ask, fileWith, majordomo, removeFiles, start, startUp, startWorker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

describe('up', () => {
  test('runs all in one process, says where everything is, and drains', async () => {
    const { up, endpoint, file } = await startUp();
    await up.waitForLine(`majordomo broker listening on ${endpoint}`);
    const [, http = ''] = await up.waitForLine(/^majordomo broker shown at (http:\/\/127\.0\.0\.1:\d+)$/);
    await up.waitForLine(`majordomo titanic keeps requests in sqlite:${file} (none yet)`);
    expect((await fetch(`${http}/readyz`)).status).toBe(200);
    await startWorker(endpoint, ['echo', '--echo']);
    expect(await ask(endpoint, 'request', 'echo', 'now')).toBe('now');
    expect(await ask(endpoint, 'submit', 'echo', 'durable', '--wait')).toBe('durable');
    up.kill();
    expect(await up.exit).toEqual({ code: 0, signal: null });
  });

  test('keeps requests in the folder that it is run in, on loopback, unless told otherwise', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'majordomo-up-'));
    const { stdout } = await majordomo(['up', '--help']);
    const help = stdout.replace(/\s+/g, ' ');
    expect(help).toContain('(default: sqlite:majordomo.db, env: MAJORDOMO_STORE)');
    expect(help).toContain('(default: tcp://127.0.0.1:5555, env: MAJORDOMO_BIND)');
    expect(help).toContain('(default: 127.0.0.1:9464, env: MAJORDOMO_HTTP)');
    const up = start(['up', '--bind', 'tcp://127.0.0.1:0', '--http', '127.0.0.1:0'], { cwd });
    await up.waitForLine(
      `majordomo titanic keeps requests in sqlite:${join(cwd, 'majordomo.db')} (none yet)`,
    );
    up.kill();
    expect((await up.exit).code).toBe(0);
    await rm(cwd, { recursive: true });
  });

  test('killed and started again, it has lost nothing, and goes on with what was in hand', async () => {
    const first = await startUp();
    const { endpoint, file } = first;
    const lines = Array.from({ length: 600 }, (_, at) => JSON.stringify({ body: `${at}` })).join('\n');
    const many = await majordomo(['submit', 'echo', '--json-lines', '--broker', endpoint], { input: lines });
    const ids = many.stdout.trim().split('\n');
    expect(new Set(ids).size).toBe(600);
    const held = await unusedPath('held');
    await startWorker(endpoint, ['slow', '--', 'sh', '-c', `echo held > ${held}; sleep 60`]);
    const slow = await ask(endpoint, 'submit', 'slow', 'x');
    await eventually(() => readFile(held, 'utf8').catch(() => ''));
    first.up.kill('SIGKILL');
    await first.up.exit;

    const second = await startUp([], file);
    await second.up.waitForLine(/ keeps requests in .* \((600 waiting, 1 running|601 waiting)\)$/);
    await startWorker(second.endpoint, ['echo', '--echo', '--concurrency', '64']);
    await startWorker(second.endpoint, ['slow', '--echo']);
    expect(await ask(second.endpoint, 'result', slow, '--wait', '--wait-max', '15s')).toBe('x');
    const done = async (): Promise<unknown> => {
      const counts = await ask(second.endpoint, 'list', '--counts', '--service', 'echo', '--json');
      return JSON.parse(counts).find(({ state }: { state: string }) => state === 'done')?.requests;
    };
    await eventually(async () => (await done()) === 600);
    expect(await ask(second.endpoint, 'result', ids[599]!)).toBe('599');
  });

  test('SIGTERM finishes the delivery in hand, and then the broker goes', async () => {
    const { up, endpoint, file } = await startUp();
    const held = await unusedPath('held');
    const go = await unusedPath('go');
    const script = `echo held > ${held}; until [ -e ${go} ]; do sleep 0.05; done; echo done`;
    await startWorker(endpoint, ['slow', '--', 'sh', '-c', script]);
    const id = await ask(endpoint, 'submit', 'slow', 'x');
    await eventually(() => readFile(held, 'utf8').catch(() => ''));
    up.kill();
    await up.waitForLine('draining', { stream: 'stderr' });
    await writeFile(go, '');
    expect(await up.exit).toEqual({ code: 0, signal: null });
    const again = await startUp([], file);
    expect(await ask(again.endpoint, 'result', id)).toBe('done');
  });

  test('a second signal ends it at once, with code 1', async () => {
    const { up, endpoint } = await startUp();
    const held = await unusedPath('held');
    await startWorker(endpoint, ['slow', '--', 'sh', '-c', `echo held > ${held}; sleep 60`]);
    await ask(endpoint, 'submit', 'slow', 'x');
    await eventually(() => readFile(held, 'utf8').catch(() => ''));
    up.kill();
    await up.waitForLine('draining', { stream: 'stderr' });
    up.kill();
    expect(await up.exit).toEqual({ code: 1, signal: null });
  });

  test('with keys and a policy, titanic has a key of its own', async () => {
    const [server, titanic, user] = [rawKeyPair(), rawKeyPair(), rawKeyPair()];
    const [serverKey, titanicKey, userKey, publicKey] = await Promise.all([
      fileWith('server.key', `${server.secretKey}\n`),
      fileWith('titanic.key', `${titanic.secretKey}\n`),
      fileWith('user.key', `${user.secretKey}\n`),
      fileWith('server.pub', `${server.publicKey}\n`),
    ]);
    const policy = await fileWith(
      'policy.json',
      JSON.stringify({
        roles: {
          titanic: { serve: ['titanic.*'], request: ['*'], mmi: ['mmi.service'] },
          user: { serve: ['echo'], request: ['titanic.*'] },
        },
        keys: {
          [titanic.publicKey]: { name: 'titanic', roles: ['titanic'] },
          [user.publicKey]: { name: 'user', roles: ['user'] },
        },
      }),
    );
    const keys = ['--curve-secret-key-file', serverKey, '--titanic-secret-key-file', titanicKey];
    const { endpoint } = await startUp([...keys, '--policy', policy]);
    const own = ['--curve-secret-key-file', userKey, '--curve-server-key-file', publicKey];
    await startWorker(endpoint, ['echo', '--echo', ...own]);
    expect(await ask(endpoint, 'submit', 'echo', 'secret', '--wait', ...own)).toBe('secret');
  });
});
