import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { killAllProcesses, leakCheck, rawKeyPair } from '@majordomo/testkit';
import { fileWith, majordomo, removeFiles, start, startBroker, startWorker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

/** A pair made by `majordomo keygen`, the paths of its files and its public key. */
async function keygen(name: string) {
  const out = dirname(await unusedPath('x'));
  const { code, stdout } = await majordomo(['keygen', name, '--out', out, '--json']);
  expect(code).toBe(0);
  const made = JSON.parse(stdout) as { secretKeyFile: string; publicKeyFile: string; publicKey: string };
  return { name, ...made };
}

type Made = Awaited<ReturnType<typeof keygen>>;

const policyOf = (keys: readonly (readonly [Made, string])[]) =>
  JSON.stringify({
    roles: {
      user: { request: ['echo'], mmi: ['mmi.service', 'mmi.broker'] },
      server: { serve: ['echo'] },
    },
    keys: Object.fromEntries(keys.map(([{ publicKey, name }, role]) => [publicKey, { name, roles: [role] }])),
  });

const keysOf = ({ secretKeyFile }: Made, server: Made): string[] => [
  '--curve-secret-key-file',
  secretKeyFile,
  '--curve-server-key-file',
  server.publicKeyFile,
];

async function secured() {
  const [server, alice, bob] = (await Promise.all(['server', 'alice', 'bob'].map(keygen))) as [
    Made,
    Made,
    Made,
  ];
  const policy = await fileWith(
    'policy.json',
    policyOf([
      [alice, 'user'],
      [bob, 'server'],
    ]),
  );
  const { broker, endpoint } = await startBroker([
    '--curve-secret-key-file',
    server.secretKeyFile,
    '--policy',
    policy,
  ]);
  return { server, alice, bob, policy, broker, endpoint };
}

describe('keygen', () => {
  test('writes a pair, the secret key for its owner alone, and prints the public one', async () => {
    const out = join(dirname(await unusedPath('x')), 'keys');
    const { code, stdout } = await majordomo(['keygen', 'broker', '--out', out]);
    const [, , publicKey] = stdout.split('\n');
    expect(code).toBe(0);
    expect(stdout).toBe(
      `secret key: ${out}/broker.key (for its owner alone)\npublic key: ${out}/broker.pub\n${publicKey}\n`,
    );
    expect(publicKey).toMatch(/^[!-~]{40}$/);
    expect((await stat(join(out, 'broker.key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(out, 'broker.pub'), 'utf8')).toBe(`${publicKey}\n`);
    expect(await readFile(join(out, 'broker.key'), 'utf8')).toMatch(/^[!-~]{40}\n$/);
  });

  test('leaves what is there alone, unless --force says otherwise', async () => {
    const { secretKeyFile, publicKey } = await keygen('mine');
    const out = dirname(secretKeyFile);
    const refused = await majordomo(['keygen', 'mine', '--out', out]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      `majordomo: The key file ${secretKeyFile} is there already, and is left as it is.\n`,
    );
    const forced = await majordomo(['keygen', 'mine', '--out', out, '--force', '--json']);
    expect(forced.code).toBe(0);
    expect(JSON.parse(forced.stdout).publicKey).not.toBe(publicKey);
  });

  test('takes no path for a name', async () => {
    expect(await majordomo(['keygen', '../x'])).toMatchObject({ code: 2, stdout: '' });
  });
});

test('broker, worker and request with keys and a policy', async () => {
  const { server, alice, bob, broker, endpoint } = await secured();
  await startWorker(endpoint, ['echo', '--echo', ...keysOf(bob, server)]);
  const ask = (service: string, ...more: string[]) =>
    majordomo(['request', service, 'hello', '--broker', endpoint, '--timeout-ms', '10000', ...more]);
  expect(await ask('echo', ...keysOf(alice, server))).toMatchObject({ code: 0, stdout: 'hello\n' });
  const denied = await ask('other', ...keysOf(alice, server));
  expect(denied).toMatchObject({ code: 4, stdout: '' });
  expect(denied.stderr).toContain('the key alice may not request other');
  const unknown = await ask('echo', '--curve-server-key', server.publicKey);
  expect(unknown).toMatchObject({ code: 4, stdout: '' });
  expect(unknown.stderr).toContain('does not let this key in');
  const ping = await majordomo(['ping', '--broker', endpoint, '--json', ...keysOf(alice, server)]);
  expect(ping.code).toBe(0);
  expect(JSON.parse(ping.stdout)).toMatchObject([{ ok: true }]);
  broker.kill();
  await broker.exit;
  const secret = (await readFile(server.secretKeyFile, 'utf8')).trim();
  for (const key of [secret, alice.publicKey, bob.publicKey]) expect(broker.stderr).not.toContain(key);
  expect(broker.stderr).toContain('"key":"alice"');
});

test('SIGHUP has the policy read again: who is in it stays, who is not is cut off; a bad one changes nothing', async () => {
  const { server, alice, bob, policy, broker, endpoint } = await secured();
  const worker = await startWorker(endpoint, ['echo', '--echo', ...keysOf(bob, server)]);
  const ask = () =>
    majordomo([
      'request',
      'echo',
      'x',
      '--broker',
      endpoint,
      '--timeout-ms',
      '10000',
      ...keysOf(alice, server),
    ]);
  expect((await ask()).code).toBe(0);
  await writeFile(policy, '{ "roles": {}, "anonymous": "nobody" }');
  broker.kill('SIGHUP');
  await broker.waitForLine(/policy not replaced.*|.*there is no role nobody.*/, { stream: 'stderr' });
  expect((await ask()).code).toBe(0);
  await writeFile(policy, policyOf([[bob, 'server']]));
  broker.kill('SIGHUP');
  await broker.waitForLine(/policy replaced/, { stream: 'stderr' });
  expect((await ask()).code).toBe(4);
  expect(worker.stderr).not.toContain('not connected');
  broker.kill();
  expect(await broker.exit).toEqual({ code: 0, signal: null });
});

test('endpoints have roles and may go without CURVE; a warning for what is open to the network', async () => {
  const { server, bob } = { server: await keygen('server'), bob: await keygen('bob') };
  const policy = await fileWith('policy.json', policyOf([[bob, 'user']]));
  const broker = start([
    'broker',
    '--bind',
    'tcp://127.0.0.1:0',
    '--bind',
    'tcp://*:0?role=user&curve=off',
    '--curve-secret-key-file',
    server.secretKeyFile,
    '--policy',
    policy,
  ]);
  const [, port = ''] = await broker.waitForLine(/^majordomo broker listening on tcp:\/\/0\.0\.0\.0:(\d+)$/);
  const endpoint = `tcp://127.0.0.1:${port}`;
  await broker.waitForLine(/open to the network without CURVE/, { stream: 'stderr' });
  const ask = await majordomo(['request', 'mmi.service', 'echo', '--broker', endpoint]);
  expect(ask.stdout).toBe('404\n');
});

describe('what is wrong is said', () => {
  const none = '"'.repeat(40);

  test.each([
    [
      'a key without that of the broker',
      ['ping', '--curve-secret-key-file', 'x'],
      2,
      /needs the key of the broker/,
    ],
    [
      'two keys of the broker',
      ['ping', '--curve-server-key', rawKeyPair().publicKey, '--curve-server-key-file', 'x'],
      2,
      /exclude each other/,
    ],
    ['a key that is none', ['ping', '--curve-server-key', none], 2, /should be a CURVE key/],
    [
      'a key file that is not there',
      ['broker', '--curve-secret-key-file', '/nowhere'],
      1,
      /there is no such file/,
    ],
    [
      'a policy that is not there',
      ['broker', '--policy', '/nowhere'],
      2,
      /the policy file \/nowhere does not exist/,
    ],
    [
      'a role without a policy',
      ['broker', '--bind', 'tcp://127.0.0.1:0?role=x'],
      2,
      /needs the option policy/,
    ],
    [
      'an endpoint with what nobody knows',
      ['broker', '--bind', 'tcp://127.0.0.1:0?rule=x'],
      1,
      /--bind should be/,
    ],
  ] as const)('%s', async (_what, args, code, message) => {
    const run = await majordomo(args);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toMatch(message);
  });

  test('a file with something else, a policy that does not fit, and a secret key that others may read', async () => {
    const file = await fileWith('bad.key', 'not a key');
    const bad = await majordomo(['broker', '--curve-secret-key-file', file]);
    expect(bad).toMatchObject({ code: 1 });
    expect(bad.stderr).toContain('holds no CURVE key');
    const policy = await fileWith('policy.json', '{ "roles": { "user": { "ask": ["*"] } } }');
    const unfit = await majordomo(['broker', '--policy', policy]);
    expect(unfit).toMatchObject({ code: 2 });
    expect(unfit.stderr).toMatch(/roles\.user.*ask/);
    const { secretKeyFile } = await keygen('open');
    await chmod(secretKeyFile, 0o644);
    const { broker } = await startBroker(['--curve-secret-key-file', secretKeyFile]);
    expect(broker.stderr).toContain('others than its owner may read the key file');
  });
});
