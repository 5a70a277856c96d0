import { brokerOptionsSchema } from '@majordomo/broker';
import { clientOptionsSchema } from '@majordomo/client';
import { DEFAULT_LIMITS, mmiBrokerSchema } from '@majordomo/protocol';
import { killAllProcesses, leakCheck } from '@majordomo/testkit';
import {
  postgresStoreOptionsSchema,
  sqliteStoreOptionsSchema,
  titanicOptionsSchema,
} from '@majordomo/titanic';
import { workerOptionsSchema } from '@majordomo/worker';
import { z } from 'zod';
import { SETTINGS } from '../src/settings/table';
import { fileWith, majordomo, removeFiles, startBroker } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

/** What a broker says it goes by. */
async function limitsOf(endpoint: string): Promise<Record<string, number>> {
  const { stdout } = await majordomo(['ping', '--broker', endpoint, '--json']);
  return mmiBrokerSchema.parse(JSON.parse(stdout)[0].info).limits;
}

test('flags go over environment over config file over defaults', async () => {
  const config = await fileWith(
    'broker.json',
    JSON.stringify({ heartbeatMs: 1_001, liveness: 11, attemptsMax: 21, broker: 'tcp://10.0.0.1:5555' }),
  );
  const env = { MAJORDOMO_HEARTBEAT_MS: '1002', MAJORDOMO_LIVENESS: '12' };
  const { endpoint } = await startBroker(['--config', config, '--heartbeat-ms', '1003'], { env });
  expect(await limitsOf(endpoint)).toMatchObject({
    heartbeatMs: 1_003,
    liveness: 12,
    attemptsMax: 21,
    serviceExpiryMs: 60_000,
  });
});

test('the config file can be named by the environment, and by a flag over it', async () => {
  const one = await fileWith('one.json', '{ "attemptsMax": 1 }');
  const two = await fileWith('two.json', '{ "attemptsMax": 2 }');
  const env = { MAJORDOMO_CONFIG: one };
  const [byEnvironment, byFlag] = await Promise.all([
    startBroker([], { env }),
    startBroker(['--config', two], { env }),
  ]);
  expect(await limitsOf(byEnvironment.endpoint)).toMatchObject({ attemptsMax: 1 });
  expect(await limitsOf(byFlag.endpoint)).toMatchObject({ attemptsMax: 2 });
});

test('lists are repeated as flags, split by commas in the environment, and are lists in a file', async () => {
  const dead = ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:2'];
  const config = await fileWith('dead.json', JSON.stringify({ broker: dead, timeoutMs: 1, json: true }));
  const asked = async (args: string[], env = {}): Promise<string[]> => {
    const { code, stdout } = await majordomo(['ping', ...args], { env });
    expect(code).toBe(3);
    return JSON.parse(stdout).map(({ broker }: { broker: string }) => broker);
  };
  const brief = ['--timeout-ms', '1', '--json'];
  expect(await asked(['--broker', dead[0]!, '--broker', dead[1]!, ...brief])).toEqual(dead);
  expect(await asked(brief, { MAJORDOMO_BROKER: dead.join() })).toEqual(dead);
  expect(await asked(['--config', config])).toEqual(dead);
  expect(await asked(brief, { MAJORDOMO_BROKER: dead[1], MAJORDOMO_CONFIG: config })).toEqual([dead[1]]);
});

test('an empty variable is an unset one, and a switch can be set by its variable', async () => {
  const env = { MAJORDOMO_TIMEOUT_MS: '', MAJORDOMO_JSON: 'yes', MAJORDOMO_BROKER: 'tcp://127.0.0.1:1' };
  const { code, stdout } = await majordomo(['ping', '--timeout-ms', '1'], { env });
  expect({ code, ok: JSON.parse(stdout)[0].ok }).toEqual({ code: 3, ok: false });
});

const WHOLE = 'should be a whole number from 1 to 2147483647';

test.each([
  [['--heartbeat-ms', 'soon'], {}, 2, `--heartbeat-ms ${WHOLE}, got "soon"`],
  [['--heartbeat-ms', '1.5'], {}, 2, `--heartbeat-ms ${WHOLE}, got "1.5"`],
  [['--heartbeat-ms', '-1'], {}, 2, `--heartbeat-ms ${WHOLE}, got -1`],
  [['--heartbeat-ms', 'NaN'], {}, 2, `--heartbeat-ms ${WHOLE}, got "NaN"`],
  [['--heartbeat-ms', ''], {}, 2, `--heartbeat-ms ${WHOLE}, got ""`],
  [[], { MAJORDOMO_HEARTBEAT_MS: '0' }, 2, `MAJORDOMO_HEARTBEAT_MS ${WHOLE}, got 0`],
  [
    ['--log-level', 'loud'],
    {},
    2,
    '--log-level should be one of debug, info, warn, error, silent, got "loud"',
  ],
  [
    ['--bind', 'here'],
    {},
    1,
    '--bind should be tcp://HOST:PORT or ipc://PATH; HOST and PORT may be *, and ?role=ROLE&curve=off may follow, got "here"',
  ],
  [
    [],
    { MAJORDOMO_BIND: 'tcp://*:5555,inproc://x' },
    1,
    'MAJORDOMO_BIND should be tcp://HOST:PORT or ipc://PATH; HOST and PORT may be *, and ?role=ROLE&curve=off may follow, got ["tcp://*:5555","inproc://x"]',
  ],
])('a broker refuses %j with %j', async (args, env, code, message) => {
  expect(await majordomo(['broker', ...args], { env })).toMatchObject({
    code,
    stdout: '',
    stderr: `majordomo: ${message}\n`,
  });
});

test.each([
  ['a value that does not fit', '{ "heartbeatMs": "1000" }', `heartbeatMs in FILE ${WHOLE}, got "1000"`],
  [
    'one that another command uses',
    '{ "retries": -1 }',
    'retries in FILE should be a whole number from 0 to 100, got -1',
  ],
  ['an unknown key', '{ "heartbeat": 1 }', 'heartbeat in FILE is not a setting'],
  ['a key of a prototype', '{ "constructor": 1 }', 'constructor in FILE is not a setting'],
  ['another config file', '{ "config": "x" }', 'config in FILE is not a setting'],
  ['what belongs to one call', '{ "count": 5 }', 'count in FILE is not a setting'],
  ['no object', '[]', 'the config file FILE should hold a JSON object'],
])('a config file with %s is refused', async (_, text, message) => {
  const path = await fileWith('config.json', text);
  const { code, stderr } = await majordomo(['broker', '--config', path]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `majordomo: ${message.replace('FILE', path)}\n` });
});

test('a config file that is not JSON, not there or not a file is refused', async () => {
  const path = await fileWith('config.json', '{ heartbeatMs: 1 }');
  const refuse = async (config: string) => {
    const { code, stderr } = await majordomo(['ping'], { env: { MAJORDOMO_CONFIG: config } });
    expect(code).toBe(2);
    return stderr;
  };
  expect(await refuse(path)).toMatch(`majordomo: the config file ${path} is not JSON: `);
  expect(await refuse(`${path}.old`)).toBe(`majordomo: the config file ${path}.old does not exist\n`);
  expect(await refuse(__dirname)).toBe(`majordomo: the config file ${__dirname} cannot be read: EISDIR\n`);
});

test.each(['tcp://*:5555', 'tcp://127.0.0.1:0', 'tcp://127.0.0.1:*', 'tcp://127.0.0.1', 'inproc://x'])(
  '%s is no broker to connect to',
  async (endpoint) => {
    const { code, stderr } = await majordomo(['ping', '--broker', endpoint]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `majordomo: --broker should be tcp://HOST:PORT or ipc://PATH of a broker, got "${endpoint}"\n`,
    });
  },
);

test('the defaults are those of the libraries', () => {
  const ours = Object.fromEntries(
    Object.entries(SETTINGS).map(([key, { schema }]) => [key, schema.parse(undefined)]),
  );
  const { limits, ...broker } = brokerOptionsSchema.parse({});
  for (const [key, value] of Object.entries({ ...broker, ...limits })) {
    if (key in ours) expect({ key, value: ours[key] }).toEqual({ key, value });
  }
  const { brokers, protocol, timeoutMs, retries } = clientOptionsSchema.parse({});
  expect(ours).toMatchObject({ broker: brokers, protocol, timeoutMs, retries, ...DEFAULT_LIMITS });
  const worker = workerOptionsSchema.parse({});
  const { heartbeatMs, liveness, drainTimeoutMs } = worker;
  expect(worker).toMatchObject({ brokers, protocol });
  expect(ours).toMatchObject({ heartbeatMs, liveness, drainTimeoutMs });
  expect(SETTINGS.concurrency.otherwise).toMatch(`${worker.concurrency}; with --handler-file,`);
});

test('so are those of a titanic and its stores', () => {
  const store = { claim: () => undefined };
  const titanic = titanicOptionsSchema.parse({ store });
  for (const [key, value] of Object.entries({ ...titanic, deliveriesMax: titanic.concurrency })) {
    const setting = ['store', 'concurrency', 'retention'].includes(key)
      ? undefined
      : SETTINGS[key as keyof typeof SETTINGS];
    if (setting) expect({ key, value: setting.schema.parse(undefined) }).toEqual({ key, value });
  }
  const { requestsMax } = sqliteStoreOptionsSchema.parse({ file: 'x' });
  const postgres = postgresStoreOptionsSchema.parse({ url: 'postgres://x/y' });
  expect(SETTINGS.storeRequestsMax.schema.parse(undefined)).toBe(requestsMax);
  expect(postgres.requestsMax).toBe(requestsMax);
  expect(SETTINGS).toMatchObject({
    storeSchema: { otherwise: postgres.schema },
    storeConnectionsMax: { otherwise: String(postgres.connectionsMax) },
    storeConnectTimeoutMs: { otherwise: String(postgres.connectTimeoutMs) },
    storeLookEveryMs: { otherwise: String(postgres.lookEveryMs) },
  });
});

type Bounds = Readonly<Record<string, { readonly minimum?: number; readonly maximum?: number | undefined }>>;

/** What the numbers among the options of a schema may be. */
function boundsIn(schema: z.ZodType): Bounds {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(
    Object.entries(properties as Bounds).flatMap(([key, { minimum, maximum }]) =>
      minimum === undefined ? [] : [[key, { minimum, maximum }]],
    ),
  );
}

test('the bounds are those of the libraries', () => {
  const ours = boundsIn(
    z.object(Object.fromEntries(Object.entries(SETTINGS).map(([key, { schema }]) => [key, schema]))),
  );
  const { concurrency: deliveriesMax, ...titanic } = boundsIn(titanicOptionsSchema);
  const { connectionsMax, connectTimeoutMs, lookEveryMs } = boundsIn(postgresStoreOptionsSchema);
  const { requestsMax, fileBytesMax } = boundsIn(sqliteStoreOptionsSchema);
  const theirs = [
    boundsIn(brokerOptionsSchema),
    boundsIn(brokerOptionsSchema.shape.limits.unwrap().unwrap()),
    boundsIn(clientOptionsSchema),
    boundsIn(workerOptionsSchema),
    { ...titanic, deliveriesMax },
    {
      storeConnectionsMax: connectionsMax,
      storeConnectTimeoutMs: connectTimeoutMs,
      storeLookEveryMs: lookEveryMs,
      storeRequestsMax: requestsMax,
      storeFileBytesMax: fileBytesMax,
    },
  ];
  const compared = theirs.flatMap((bounds) => Object.entries(bounds)).filter(([key]) => key in ours);
  expect(compared.length).toBeGreaterThan(40);
  for (const [key, bounds] of compared) expect({ key, ...ours[key] }).toEqual({ key, ...bounds });
});
