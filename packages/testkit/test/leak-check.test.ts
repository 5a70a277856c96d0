import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAllProcesses, leakCheck, runProcess } from '../src/index';

leakCheck();
afterEach(killAllProcesses);

const root = join(__dirname, '..', '..', '..');
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'leak-check-')));
afterAll(() => rmSync(directory, { recursive: true }));

interface Outcome {
  title: string;
  status: string;
  messages: string;
}

/** Runs a test file of its own in a jest of its own, with the leak check at its top. */
async function runTests(body: string): Promise<Outcome[]> {
  writeFileSync(join(directory, 'some.test.ts'), `${HEAD}${body}`);
  const config = {
    rootDir: directory,
    testEnvironment: 'node',
    testMatch: ['**/*.test.ts'],
    transform: { '\\.ts$': [require.resolve('@swc/jest'), { jsc: { parser: { syntax: 'typescript' } } }] },
    moduleNameMapper: {
      '^testkit$': join(root, 'packages/testkit/src/index.ts'),
      '^zeromq$': require.resolve('zeromq'),
    },
  };
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const args = [jest, '--json', '--silent', '--forceExit', '--config', JSON.stringify(config)];
  const run = await runProcess(process.execPath, args, { cwd: root, timeoutMs: 60_000 });
  const { testResults } = JSON.parse(run.stdout) as {
    testResults: {
      message: string;
      assertionResults: { title: string; status: string; failureMessages: string[] }[];
    }[];
  };
  const outcomes = (testResults[0]?.assertionResults ?? []).map(({ title, status, failureMessages }) => ({
    title,
    status,
    messages: failureMessages.join('\n'),
  }));
  if (outcomes.length === 0) throw new Error(testResults[0]?.message ?? run.stderr);
  return outcomes;
}

const HEAD = `
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { setInterval as coreInterval } from 'node:timers';
import { promisify } from 'node:util';
import { Worker as Thread } from 'node:worker_threads';
import * as zmq from 'zeromq';
import { leakCheck, RawSocket, startProcess, killAllProcesses, closeAllSockets } from 'testkit';
leakCheck({ timeoutMs: 300 });
`;

test('bites on everything that is left, and on nothing else', async () => {
  const outcomes = await runTests(`
    test('an interval', () => void setInterval(() => {}, 1000));
    test('an unrefed timer', () => void setTimeout(() => {}, 60000).unref());
    test('a timer of the core module', () => void coreInterval(() => {}, 1000));
    test('a global zmq socket', () => new zmq.Dealer().connect('tcp://127.0.0.1:9'));
    test('a raw socket', async () => void (await new RawSocket('router').bind('tcp://127.0.0.1:0')));
    test('a server', () => new Promise((resolve) => void createServer().listen(0, resolve)));
    test('a child', () => void spawn('sleep', ['30'], { stdio: 'ignore' }));
    test('a thread', () => void new Thread('setInterval(() => {}, 1000)', { eval: true }).unref());
    test('clean', async () => {
      clearInterval(setInterval(() => {}, 1000));
      setTimeout(() => {}, 100);
      await promisify(setTimeout)(5);
      const router = new RawSocket('router');
      await router.bind('tcp://127.0.0.1:0');
      await router.close();
      const child = startProcess('sleep', ['30']);
      child.kill();
      await new Thread('', { eval: true }).terminate();
    });
  `);
  const found = Object.fromEntries(outcomes.map(({ title, messages }) => [title, messages]));
  expect(found['an interval']).toMatch(
    /timer: 1 more than the 0 before[^]*setInterval\(1000 ms\) made at .*some\.test/,
  );
  expect(found['an unrefed timer']).toMatch(/timer: 1 more[^]*setTimeout\(60000 ms\) made at/);
  expect(found['a timer of the core module']).toMatch(/timer: 1 more[^]*setInterval\(1000 ms\) made at/);
  expect(found['a global zmq socket']).toContain("ZeroMQ Dealer with connect('tcp://127.0.0.1:9')");
  expect(found['a raw socket']).toContain("ZeroMQ Router with bind('tcp://127.0.0.1:0')");
  expect(found['a server']).toMatch(/TCPServerWrap: 1 more/);
  expect(found['a child']).toMatch(/ProcessWrap: 1 more/);
  expect(found['a thread']).toMatch(/thread: 1 more than the 0 before/);
  expect(found['clean']).toBe('');
}, 90_000);

test('runs after every clean-up of the file, spares what is shared, and survives fake timers', async () => {
  const outcomes = await runTests(`
    let shared;
    beforeAll(async () => {
      shared = new zmq.Router();
      await shared.bind('tcp://127.0.0.1:0');
    });
    afterEach(closeAllSockets);
    afterEach(killAllProcesses);
    afterEach(() => jest.useRealTimers());
    afterAll(() => shared.close());
    test('left to the clean-up', async () => {
      new RawSocket('dealer').connect(shared.lastEndpoint);
      startProcess('sleep', ['30']);
    });
    test('fake timers', () => {
      jest.useFakeTimers();
      setInterval(() => {}, 1000);
    });
    describe('inside', () => {
      let server;
      afterEach(() => new Promise((resolve) => server.close(resolve)));
      test('cleaned in its block', () => new Promise((resolve) => void (server = createServer().listen(0, resolve))));
    });
    test('and still bites', () => void setInterval(() => {}, 1000));
  `);
  expect(
    outcomes.map(({ title, status, messages }) => `${title}: ${status}${messages.slice(0, 300)}`),
  ).toEqual([
    'left to the clean-up: passed',
    'fake timers: passed',
    'cleaned in its block: passed',
    expect.stringContaining('and still bites: failed'),
  ]);
}, 90_000);
