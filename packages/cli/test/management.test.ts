import {
  killAllProcesses,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawClient02,
  rawKeyPair,
  type RawBroker,
} from '@majordomo/testkit';
import { version } from '../package.json';
import { fileWith, majordomo, removeFiles, startBroker, startWorker } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

/** The cells of a table. */
const cells = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

test('services lists workers and queues', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['echo', '--echo', '--protocol', 'mdp/0.2', '--concurrency', '2']);
  const waiting = new RawClient02(endpoint);
  await waiting.request('nobody', 'x');
  // What comes after it on the same connection has seen it queued.
  await waiting.ask('mmi.service', 'nobody');
  const { code, stdout, stderr } = await majordomo(['services', '--broker', endpoint]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(cells(stdout)).toEqual([
    ['SERVICE', 'WORKERS', 'IDLE', 'BUSY', 'QUEUED', 'OLDEST'],
    ['echo', '2', '2', '0', '0', '-'].map((cell) => expect.stringContaining(cell)),
    ['nobody', '0', '0', '0', '1', expect.stringMatching(/ (ms|s)$/)],
  ]);
  const one = await majordomo(['services', 'echo', '--json', '--broker', endpoint]);
  expect(JSON.parse(one.stdout)).toEqual([
    { broker: endpoint, service: 'echo', workers: 2, idle: 2, busy: 0, queued: 0, oldestWaitingMs: 0 },
  ]);
  await waiting.close();
});

test('workers lists sessions', async () => {
  const { endpoint } = await startBroker();
  await startWorker(endpoint, ['echo', '--echo', '--protocol', 'mdp/0.1']);
  await startWorker(endpoint, ['upper', '--', 'tr', 'a-z', 'A-Z']);
  const all = await majordomo(['workers', '--broker', endpoint]);
  expect(all).toMatchObject({ code: 0, stderr: '' });
  expect(cells(all.stdout).map(([service, , dialect, inHand]) => [service, dialect, inHand])).toEqual([
    ['SERVICE', 'DIALECT', 'IN HAND'],
    ['echo', 'mdp/0.1', '0 of 1'],
    ['upper', 'packed', '0 of 1'],
  ]);
  const one = await majordomo(['workers', 'upper', '--json', '--broker', endpoint]);
  expect(JSON.parse(one.stdout)).toMatchObject([
    { broker: endpoint, service: 'upper', inFlight: 0, credit: 1 },
  ]);
});

test('a service that the broker does not know is exit code 4', async () => {
  const { endpoint } = await startBroker();
  for (const command of ['services', 'workers']) {
    expect(await majordomo([command, 'none', '--broker', endpoint])).toMatchObject({
      code: 4,
      stdout: '',
      stderr: `majordomo: ${endpoint}: this broker knows no service none (404)\n`,
    });
  }
});

test('of several brokers, each row says whose it is, and one that is not there is told of', async () => {
  const [one, two] = await Promise.all([startBroker(), startBroker()]);
  await startWorker(one.endpoint, ['echo', '--echo']);
  await startWorker(two.endpoint, ['upper', '--echo']);
  const nowhere = 'tcp://127.0.0.1:1';
  const brokers = [one.endpoint, two.endpoint, nowhere].flatMap((endpoint) => ['--broker', endpoint]);
  const { code, stdout, stderr } = await majordomo(['services', ...brokers, '--timeout-ms', '700']);
  expect(code).toBe(3);
  expect(cells(stdout).map(([broker, service]) => [broker, service])).toEqual([
    ['BROKER', 'SERVICE'],
    [one.endpoint, 'echo'],
    [two.endpoint, 'upper'],
  ]);
  expect(stderr).toMatch(new RegExp(`^majordomo: ${nowhere} did not answer within 700 ms: .*\n$`));
});

test('ping prints version, time up and round trip', async () => {
  const { endpoint } = await startBroker();
  const { code, stdout, stderr } = await majordomo(['ping', '--broker', endpoint]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(cells(stdout)).toEqual([
    ['BROKER', 'VERSION', 'UP', 'ROUND TRIP'],
    [endpoint, version, expect.stringMatching(/^[\d.]+ (ms|s)$/), expect.stringMatching(/^[\d.]+ ms$/)],
  ]);
  const json = JSON.parse((await majordomo(['ping', '--json', '--broker', endpoint])).stdout);
  expect(json).toMatchObject([{ broker: endpoint, ok: true, info: { version, services: 0 } }]);
});

test('why a broker cannot be reached is said, and not guessed at', async () => {
  const nowhere = ['--broker', 'tcp://127.0.0.1:1', '--timeout-ms', '700'];
  for (const command of ['ping', 'services']) {
    expect((await majordomo([command, ...nowhere])).stderr).toBe(
      'majordomo: tcp://127.0.0.1:1 did not answer within 700 ms: connection refused or timed out\n',
    );
  }
  const key = await fileWith('broker.key', `${rawKeyPair().secretKey}\n`);
  const { endpoint } = await startBroker(['--curve-secret-key-file', key]);
  const { code, stderr } = await majordomo(['ping', '--broker', endpoint, '--timeout-ms', '1000']);
  expect(code).toBe(3);
  expect(stderr).toMatch(new RegExp(`^majordomo: ${endpoint} did not answer within 1000 ms: .*wants? CURVE`));
});

test('ping of a port where nothing listens is exit code 3', async () => {
  const args = ['ping', '--broker', 'tcp://127.0.0.1:1', '--timeout-ms', '50'];
  expect(await majordomo(args)).toMatchObject({ code: 3, stdout: '' });
  const { code, stdout } = await majordomo([...args, '--json']);
  expect({ code, answers: JSON.parse(stdout) }).toMatchObject({
    code: 3,
    answers: [{ broker: 'tcp://127.0.0.1:1', ok: false, message: expect.stringContaining('50 ms') }],
  });
});

describe('a broker of another make', () => {
  /** Answers every request with these frames. */
  async function answering(broker: RawBroker, requests: number, ...frames: string[]): Promise<void> {
    for (let i = 0; i < requests; i++) {
      const { client, service } = await broker.nextClientRequest();
      await broker.finalTo(client, service, ...frames);
    }
  }

  test.each(['services', 'workers'])('that answers 501 to %s is told apart, exit code 4', async (command) => {
    const broker = await RawBroker01.listen();
    const asked = majordomo([command, '--protocol', 'mdp/0.1', '--broker', broker.endpoint]);
    await answering(broker, 1, '501');
    const { code, stdout, stderr } = await asked;
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`${broker.endpoint}: this broker does not implement mmi.${command} (501)`);
    await broker.close();
  });

  test('that answers nothing is exit code 3', async () => {
    const broker = await RawBroker02.listen();
    const { code, stderr } = await majordomo([
      'services',
      '--protocol',
      'mdp/0.2',
      '--timeout-ms',
      '300',
      '--broker',
      broker.endpoint,
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/did not answer within 300 ms: .* over mdp\/0\.2\n$/);
    await broker.close();
  });

  test('answers a ping all the same', async () => {
    const broker = await RawBroker01.listen();
    const asked = majordomo(['ping', '--protocol', 'mdp/0.1', '--broker', broker.endpoint]);
    await answering(broker, 2, '501');
    const { code, stdout, stderr } = await asked;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(cells(stdout)[1]).toEqual([
      broker.endpoint,
      'of another make',
      '-',
      expect.stringMatching(/ ms$/),
    ]);
    await broker.close();
  });

  test.each([
    [['200', '{"no":"list"}'], 1, 'something else'],
    [['200', 'no JSON'], 1, 'not JSON'],
    [['200'], 1, 'no frame 1'],
    [['300'], 4, 'mmi.services answered "300"'],
  ])('that answers %j is refused', async (frames, code, message) => {
    const broker = await RawBroker02.listen();
    const asked = majordomo(['services', '--broker', broker.endpoint]);
    await answering(broker, 1, ...frames);
    expect(await asked).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
    await broker.close();
  });

  test('cannot steer the terminal', async () => {
    const broker = await RawBroker02.listen();
    const asked = majordomo(['services', '--broker', broker.endpoint]);
    const service = { service: '\u001b[2Jx', workers: 0, idle: 0, busy: 0, queued: 0, oldestWaitingMs: 0 };
    await answering(broker, 1, '200', JSON.stringify([service]));
    expect((await asked).stdout).toContain('\\u{1b}[2Jx');
    await broker.close();
  });
});
