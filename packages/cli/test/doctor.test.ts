import type { MmiBroker, MmiService, MmiWorker } from '@majordomo/protocol';
import { closeAllSockets, killAllProcesses, leakCheck, RawBroker02, RawClient02 } from '@majordomo/testkit';
import { examineState } from '../src/doctor/state';
import { targetOf } from '../src/doctor/way';
import { majordomo, removeFiles, startBroker, startWorker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(closeAllSockets);
afterEach(removeFiles);

interface Told {
  readonly about: string;
  readonly verdict: string;
  readonly says: string;
  readonly advice?: string;
}

/** What the doctor finds, and how it ends. */
async function examine(
  endpoint: string,
  ...args: string[]
): Promise<{ code: number | null; findings: Told[] }> {
  const { code, stdout } = await majordomo(['doctor', endpoint, '--json', ...args]);
  return { code, findings: JSON.parse(stdout)[0].findings };
}

const broker: MmiBroker = {
  version: '1.0.0',
  uptimeMs: 5_000,
  memoryBytes: 1,
  services: 1,
  workers: 1,
  clients: 1,
  queued: 0,
  queuedBytes: 0,
  inFlight: 0,
  draining: false,
  limits: {
    heartbeatMs: 1_000,
    liveness: 4,
    servicesMax: 10,
    workersMax: 10,
    clientsMax: 10,
    pendingBytesMax: 10,
  },
  counters: { protocolErrors: 0 },
  rejections: { unknown_header: 0 },
};
const echo: MmiService = { service: 'echo', workers: 1, idle: 1, busy: 0, queued: 0, oldestWaitingMs: 0 };
const worker: MmiWorker = {
  service: 'echo',
  peer: '00aa',
  dialect: 'packed',
  credit: 1,
  inFlight: 0,
  silentMs: 10,
  registeredMs: 10,
};

describe('what a broker says of itself', () => {
  const verdicts = (fields: {
    broker?: Partial<MmiBroker>;
    service?: Partial<MmiService>;
    worker?: Partial<MmiWorker>;
  }) =>
    examineState(
      {
        broker: { ...broker, ...fields.broker },
        services: [{ ...echo, ...fields.service }],
        workers: [{ ...worker, ...fields.worker }],
      },
      '1.0.0',
    ).filter(({ verdict }) => verdict !== 'ok');

  test('a broker that is well has nothing but good findings', () => {
    expect(verdicts({})).toEqual([]);
  });

  test.each([
    ['draining', { broker: { draining: true } }, 'wrong', 'broker', /draining/],
    ['of another version', { broker: { version: '0.9.0' } }, 'look', 'versions', /0\.9\.0.*1\.0\.0/],
    ['with a silent idle worker', { worker: { silentMs: 2_001 } }, 'look', 'heartbeats', /00aa of echo/],
    ['asked for what nobody serves', { service: { workers: 0, queued: 2 } }, 'wrong', 'services', /echo/],
    [
      'with a slow queue',
      { service: { queued: 2, oldestWaitingMs: 5_001 } },
      'look',
      'queues',
      /echo \(5 s\)/,
    ],
    ['without workers', { service: { workers: 0 } }, 'look', 'services', /no worker/],
    ['close to a bound', { broker: { services: 8 } }, 'look', 'bounds', /8 of servicesMax 10/],
    [
      'that was misunderstood',
      { broker: { rejections: { unknown_header: 3 } } },
      'look',
      'messages',
      /3 rejected \(unknown_header\)/,
    ],
    [
      'that was told off',
      { broker: { counters: { protocolErrors: 2 } } },
      'look',
      'messages',
      /2 out of place/,
    ],
  ] as const)('a broker %s', (_, fields, verdict, about, says) => {
    expect(verdicts(fields)).toEqual([
      expect.objectContaining({
        verdict,
        about,
        says: expect.stringMatching(says),
        advice: expect.any(String),
      }),
    ]);
  });

  test('a busy worker may be silent', () => {
    expect(verdicts({ worker: { silentMs: 50_000, inFlight: 1 } })).toEqual([]);
  });
});

test.each([
  ['tcp://127.0.0.1:5555', { host: '127.0.0.1', port: 5555 }],
  ['tcp://[::1]:5555', { host: '::1', port: 5555 }],
  ['ipc:///tmp/x', { path: '/tmp/x' }],
  ['ipc://@name', { path: '\0name' }],
])('%s leads to %j', (endpoint, target) => {
  expect(targetOf(endpoint)).toEqual(target);
});

test('a broker that is well is exit code 0, and says so over tcp and ipc', async () => {
  const ipc = `ipc://${await unusedPath('socket')}`;
  const { endpoint } = await startBroker(['--bind', ipc]);
  await startWorker(endpoint, ['echo', '--echo']);
  for (const way of [endpoint, ipc]) {
    const { code, findings } = await examine(way);
    expect([code, findings.filter(({ verdict }) => verdict === 'wrong')]).toEqual([0, []]);
    expect(findings.find(({ about }) => about === 'dialects')?.says).toBe(
      'it answers in packed, mdp/0.2, mdp/0.1',
    );
  }
});

test('requests that nobody serves are found, with what to do, and exit code 1', async () => {
  const { endpoint } = await startBroker();
  const waiting = new RawClient02(endpoint);
  await waiting.request('ehco', 'x');
  await waiting.ask('mmi.service', 'ehco');
  const { code, stdout } = await majordomo(['doctor', '--broker', endpoint]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^WRONG {2}services {4}requests wait for what no worker serves: ehco\n +→ start workers/m,
  );
  await waiting.close();
});

test('nobody there is told from nobody who answers', async () => {
  expect(await examine('tcp://127.0.0.1:1')).toMatchObject({
    code: 1,
    findings: [{ about: 'the way', verdict: 'wrong', says: 'tcp://127.0.0.1:1: nothing listens there' }],
  });
  const missing = `ipc://${await unusedPath('socket')}`;
  expect((await examine(missing)).findings).toMatchObject([
    { says: `${missing}: there is no such socket file` },
  ]);
});

test('what listens and answers nothing is found to be no broker', async () => {
  const foreign = await RawBroker02.listen();
  const { code, findings } = await examine(foreign.endpoint, '--timeout-ms', '300');
  expect(code).toBe(1);
  expect(findings.map(({ about, verdict }) => [about, verdict])).toEqual([
    ['the way', 'ok'],
    ['CURVE', 'ok'],
    ['dialects', 'wrong'],
  ]);
  await foreign.close();
});

test('what is no endpoint is wrong usage', async () => {
  expect(await majordomo(['doctor', 'localhost'])).toMatchObject({
    code: 2,
    stderr: 'majordomo: the endpoint should be tcp://HOST:PORT or ipc://PATH of a broker, got "localhost"\n',
  });
});
