import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { generateKeyPair } from '@majordomo/client';
import { killAllProcesses, leakCheck } from '@majordomo/testkit';
import { Router } from 'zeromq';
import { readMechanism } from '../src/doctor/greeting';
import { fileWith, majordomo, removeFiles, startBroker, startWorker } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);
const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

interface Told {
  readonly about: string;
  readonly verdict: string;
  readonly says: string;
  readonly advice?: string;
}

/** A key pair, and the flags of whoever holds it and knows the key of the broker. */
async function keyPair(name: string) {
  const pair = generateKeyPair();
  const secretKeyFile = await fileWith(`${name}.key`, `${pair.secretKey}\n`);
  return { ...pair, name, flag: ['--curve-secret-key-file', secretKeyFile] };
}

const serverKey = ({ publicKey }: { publicKey: string }): string[] => ['--curve-server-key', publicKey];

/** A broker with CURVE and a policy, and the keys of everybody. */
async function secured(more: readonly string[] = []) {
  const [server, office, operator, stranger] = await Promise.all(
    (['server', 'office', 'operator', 'stranger'] as const).map(keyPair),
  );
  if (!server || !office || !operator || !stranger) throw new Error('no keys');
  const policy = {
    roles: {
      office: { request: ['invoice.*'], mmi: true },
      mute: { request: ['invoice.*'] },
      printer: { serve: ['invoice.*'] },
      operator: { administer: true },
    },
    keys: {
      [office.publicKey]: { name: 'billing', roles: ['office'] },
      [operator.publicKey]: { name: 'root', roles: ['operator', 'printer'] },
    },
  };
  const policyFile = await fileWith('policy.json', JSON.stringify(policy));
  const { endpoint, broker } = await startBroker([...server.flag, '--policy', policyFile, ...more]);
  return { server, office, operator, stranger, endpoint, broker };
}

/** What the doctor finds, without what is well, and how it ends. */
async function examine(endpoint: string, ...args: (string | string[])[]) {
  const { code, stdout } = await majordomo([
    'doctor',
    endpoint,
    '--json',
    '--timeout-ms',
    '2000',
    ...args.flat(),
  ]);
  const findings = JSON.parse(stdout)[0].findings as Told[];
  return { code, findings, sick: findings.filter(({ verdict }) => verdict !== 'ok') };
}

test('each way in which keys can be wrong is named, with what to do', async () => {
  const { server, office, stranger, endpoint } = await secured();
  const plain = await startBroker();
  const wrong = (says: RegExp, advice: RegExp) => ({
    code: 1,
    sick: [
      {
        about: 'CURVE',
        verdict: 'wrong',
        says: expect.stringMatching(says),
        advice: expect.stringMatching(advice),
      },
    ],
  });
  const found = await Promise.all([
    examine(endpoint),
    examine(plain.endpoint, serverKey(server)),
    examine(endpoint, serverKey(stranger), office.flag),
    examine(endpoint, serverKey(server), stranger.flag),
    examine(endpoint, serverKey(server)),
  ]);
  const [withoutKeys, needlessKeys, otherServer, unknownKey, noKeyOfItsOwn] = found;
  expect(withoutKeys).toMatchObject(wrong(/speaks CURVE, and no key/, /--curve-server-key-file/));
  expect(needlessKeys).toMatchObject(wrong(/does not speak CURVE/, /leave them out .*\?curve=off/));
  expect(otherServer).toMatchObject(
    wrong(/another key than the server key given/, /\.pub file of the broker/),
  );
  expect(unknownKey).toMatchObject(wrong(/does not let this key in/, /policy .* SIGHUP/));
  expect(unknownKey?.sick[0]?.advice).toContain(stranger.publicKey);
  expect(noKeyOfItsOwn).toMatchObject(wrong(/known keys only/, /--curve-secret-key-file/));
  for (const { findings } of found) {
    expect(findings.map(({ about }) => about)).toEqual(['the way', 'CURVE']);
    for (const secret of [server, office, stranger]) {
      expect(JSON.stringify(findings)).not.toContain(JSON.stringify(secret.secretKey).slice(1, -1));
    }
  }
});

test('what a key may not do is told with its name, and what it may do is no fault', async () => {
  const { server, office, operator, endpoint } = await secured();
  await startWorker(endpoint, ['invoice.print', '--echo', ...serverKey(server), ...operator.flag]);
  const [elsewhere, allowed, whole] = await Promise.all([
    examine(endpoint, serverKey(server), office.flag, '--service', 'report.print'),
    examine(endpoint, serverKey(server), office.flag, '--service', 'invoice.print'),
    examine(endpoint, serverKey(server), operator.flag, '--service', 'invoice.print'),
  ]);
  const limited = {
    about: 'rights',
    verdict: 'look',
    says: expect.stringMatching(/^the key billing \(role office\) may not ask mmi\.workers, mmi\.broker: /),
    advice: expect.stringContaining('"administer": true'),
  };
  expect(elsewhere).toMatchObject({
    code: 1,
    sick: [
      limited,
      {
        verdict: 'wrong',
        says: 'the key billing (role office) may neither request nor serve report.print',
        advice: expect.stringContaining('SIGHUP'),
      },
      { about: 'service', verdict: 'look' },
    ],
  });
  expect(allowed).toMatchObject({ code: 0, sick: [limited] });
  expect(allowed.findings).toContainEqual({
    about: 'rights',
    verdict: 'ok',
    says: 'may request invoice.print',
  });
  expect(whole).toMatchObject({ code: 0, sick: [] });
  expect(whole.findings.map(({ says }) => says)).toEqual(
    expect.arrayContaining([
      'encrypted: it has the server key given, and lets your key in',
      'it is one of ours: mmi.service, mmi.services, mmi.workers, mmi.broker, mmi.access; a key was proven to it',
      'the key root (roles operator, printer) may ask all of mmi.*',
      'may serve invoice.print',
      'invoice.print is served',
    ]),
  );
});

test('without CURVE, a policy that has nothing for strangers is told from no broker at all', async () => {
  const { endpoint, broker } = await secured(['--bind', 'tcp://127.0.0.1:0?curve=off']);
  const [, plain = ''] = await broker.waitForLine(
    new RegExp(`listening on (?!${endpoint}$)(tcp://127\\.0\\.0\\.1:\\d+)$`),
  );
  expect(await examine(plain)).toMatchObject({
    code: 1,
    sick: [{ about: 'CURVE', says: expect.stringContaining('nobody in without a key') }],
  });
});

test('the mechanism of an endpoint is read from its greeting, and of what is no ZeroMQ there is none', async () => {
  const endpointOf = async (server: Server): Promise<string> => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    open.push(server);
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const routers = [
    new Router({ linger: 0 }),
    new Router({ linger: 0, curveServer: true, curveSecretKey: generateKeyPair().secretKey }),
    new Router({ linger: 0, plainServer: true }),
  ];
  open.push(...routers);
  await Promise.all(routers.map((router) => router.bind('tcp://127.0.0.1:*')));
  const others = [
    createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    createServer((socket) => socket.destroy()),
    createServer((socket) => socket.resume()),
    createServer((socket) => socket.resume().end(Uint8Array.of(0xff, 0, 0))),
  ];
  const asked = [
    ...routers.map(({ lastEndpoint }) => readMechanism(lastEndpoint ?? '', 5_000)),
    ...others.map(async (server) => readMechanism(await endpointOf(server), 300)),
  ];
  const none = others.map(() => undefined);
  expect(await Promise.all(asked)).toEqual(['NULL', 'CURVE', 'PLAIN', ...none]);
});
