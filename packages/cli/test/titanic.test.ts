import { readFile } from 'node:fs/promises';
import { killAllProcesses, leakCheck, rawKeyPair } from '@majordomo/testkit';
import { fileWith, majordomo, removeFiles, start, startBroker, startWorker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

test('works behind a broker of its own choice, by its rules, with CURVE', async () => {
  const [server, own] = [rawKeyPair(), rawKeyPair()];
  const serverKey = await fileWith('server.key', `${server.secretKey}\n`);
  const ownKey = await fileWith('own.key', `${own.secretKey}\n`);
  const { endpoint } = await startBroker(['--curve-secret-key-file', serverKey]);
  const curve = ['--curve-server-key', server.publicKey];
  const config = await fileWith(
    'titanic.json',
    JSON.stringify({
      rules: { '*': { attempts: 2 } },
      retention: { done: { count: 0 } },
      deliveriesMax: 4,
    }),
  );
  const file = await unusedPath('requests.db');
  const titanic = start([
    'titanic',
    ...['--broker', endpoint, '--store', `sqlite:${file}`, '--config', config, ...curve],
    ...['--curve-secret-key-file', ownKey, '--rules', 'broken:attempts=1', '--owner', 'me'],
  ]);
  await titanic.waitForLine(`majordomo titanic keeps requests in sqlite:${file} (none yet)`);
  await titanic.waitForLine(`majordomo titanic registered with ${endpoint}`);
  await startWorker(endpoint, ['broken', ...curve, '--', 'false']);
  const { code, stderr } = await majordomo([
    'submit',
    'broken',
    'x',
    '--wait',
    '--broker',
    endpoint,
    ...curve,
  ]);
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /is a dead letter after 1 attempt: COMMAND_FAILED: The command ended with code 1\.\n$/,
  );
  titanic.kill();
  expect(await titanic.exit).toEqual({ code: 0, signal: null });
  const secret = (await readFile(ownKey, 'utf8')).trim();
  expect(titanic.stderr).not.toContain(secret);
});

test.each([
  ['x.db', 2, '--store should be sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE, got "x.db"'],
  ['mysql://u:secret@h/d', 2, 'got "mysql://***@h/d"'],
  ['sqlite:/nowhere/x.db', 1, '/nowhere/x.db cannot be used'],
  ['sqlite::memory:', 2, 'what is in memory is not durable'],
  ['postgres://u:secret@127.0.0.1:1/d', 1, 'The database cannot be used now (ECONNREFUSED)'],
])('the store %s is refused', async (store, code, message) => {
  const run = await majordomo(['titanic', '--store', store, '--log-level', 'silent']);
  expect(run).toMatchObject({ code, stdout: '' });
  expect(run.stderr).toContain(message);
  expect(run.stderr).not.toContain('secret');
});

test('what does not fit is refused before anything is connected', async () => {
  const file = await unusedPath('requests.db');
  const titanic = (...args: string[]) => majordomo(['titanic', '--store', `sqlite:${file}`, ...args]);
  const wrong = [
    [['--store-schema', 'x'], `--store-schema is for PostgreSQL, and the store is sqlite:${file}`],
    [['--rules', 'mail:per-second=0'], 'services.mail.perSecond'],
    [['--rules', 'mail:persecond=5'], 'none of attempts, backoff-min'],
    [['--retention', 'gone:age=1d'], 'gone'],
    [['--lease-ms', '99'], '--lease-ms should be a whole number from 100 to 3600000, got 99'],
  ] as const;
  const runs = await Promise.all(wrong.map(([args]) => titanic(...args)));
  for (const [at, { code, stderr }] of runs.entries()) {
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(wrong[at]![1]) });
  }
});
