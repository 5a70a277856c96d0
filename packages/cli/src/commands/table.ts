import { defineCommand } from '../command';
import { CURVE_SETTINGS } from './curve-settings';
import { BROKER_SETTINGS, DURABLE_SETTINGS } from './broker-settings';
import { DURABLE_COMMANDS } from './durable-table';
import { TITANIC_COMMANDS } from './titanic-table';

/** How long a question to a broker about itself may take, in ms: it has nothing to wait for. */
const MANAGEMENT_TIMEOUT_MS = 5_000;

/** The same for each of the questions of the doctor: patients that do not answer are what it is for. */
const DOCTOR_TIMEOUT_MS = 2_000;

/** Where the examples have a broker shown, and where `top` looks for it. */
const DEFAULT_HTTP = '127.0.0.1:9464';

const broker = defineCommand({
  name: 'broker',
  operands: [],
  summary: 'run a broker',
  description:
    'Runs a broker until SIGINT or SIGTERM, which finish the work in hand first; a second one ends it at once. ' +
    'Prints a line per endpoint once it listens there, and logs to standard error. With --policy, SIGHUP has it read that ' +
    'file again.',
  settings: [...BROKER_SETTINGS, ...DURABLE_SETTINGS],
  defaults: {},
  examples: [
    ['majordomo broker', 'listen where everyone looks by default'],
    [
      'majordomo broker --bind tcp://*:5555 --bind ipc:///tmp/majordomo',
      'listen to the network and to this machine',
    ],
    ['majordomo broker --bind tcp://127.0.0.1:0', 'take a free port and print it'],
    [`majordomo broker --http ${DEFAULT_HTTP}`, 'with metrics, health and a dashboard'],
    [
      `majordomo broker --http ${DEFAULT_HTTP} --http-token-file token --durable`,
      'with a page for the durable work of a titanic, and what can be done to it for who says the token',
    ],
    [
      "majordomo broker --bind 'tcp://*:5555' --bind 'tcp://*:5556?role=partners' --curve-secret-key-file broker.key --policy policy.json",
      'encrypted, by a policy, and one endpoint for one role',
    ],
    [
      'MAJORDOMO_LOG_LEVEL=warn majordomo broker --config broker.json',
      'settings from a file, one from the environment',
    ],
  ],
  load: () => import('./broker'),
});

const worker = defineCommand({
  name: 'worker',
  operands: [
    ['<service>', 'the service to offer'],
    ['[command...]', 'the command to run per request, behind --'],
  ],
  summary: 'run a worker: a command per request, a handler in JavaScript, or an echo',
  description:
    'Offers a service until SIGINT or SIGTERM, which finish the work in hand first; a second one ends it at once. ' +
    'The command runs without a shell: the frames of the request, one after the other, are its standard input, ' +
    'and its standard output is the reply. Where it ends with anything but 0, the request fails: the client is told ' +
    'where broker and client speak the packed dialect, else no reply is sent. A handler file exports a function by ' +
    'default, as that which the library takes, and may compute for as long as it likes.',
  settings: [
    'broker',
    'echo',
    'lines',
    'handlerFile',
    'threads',
    'concurrency',
    'protocol',
    'heartbeatMs',
    'liveness',
    'drainTimeoutMs',
    'logLevel',
    ...CURVE_SETTINGS,
  ],
  defaults: {},
  examples: [
    ['majordomo worker echo --echo', 'answer each request with its own body'],
    ['majordomo worker upper --concurrency 4 -- tr a-z A-Z', 'up to four commands at once'],
    ['majordomo worker primes --handler-file primes.mjs --threads 4', 'a function, up to four calls at once'],
    ['majordomo worker log --lines -- tail -n 100 /var/log/syslog', 'stream the output, line by line'],
    [
      "majordomo worker thumbnail -- sh -c 'convert - -resize 128 png:-'",
      'with a shell, where one is wanted',
    ],
  ],
  load: () => import('./worker'),
});

const request = defineCommand({
  name: 'request',
  operands: [
    ['<service>', 'the service to ask'],
    ['[body...]', 'a frame each; - reads standard input; none is one empty frame'],
  ],
  summary: 'send a request and print the reply',
  description:
    'Sends a request and prints the frames of the reply, each on lines of its own; PARTIALs as they come. ' +
    'With --count it sends many and prints how that went.',
  settings: [
    'broker',
    'timeoutMs',
    'retries',
    'priority',
    'failFast',
    'protocol',
    'count',
    'concurrency',
    'raw',
    'json',
    ...CURVE_SETTINGS,
  ],
  defaults: {},
  otherwise: { concurrency: '1' },
  examples: [
    ['majordomo request echo hello', 'one frame'],
    ['majordomo request echo hello world --json', 'two frames, the reply as JSON'],
    ['majordomo request thumbnail - --raw < photo.jpg > small.png', 'bytes in, bytes out'],
    ['majordomo request echo hello --count 10000 --concurrency 100', 'measure'],
  ],
  load: () => import('./request'),
});

const services = defineCommand({
  name: 'services',
  operands: [['[service]', 'this one only']],
  summary: 'list the services of a broker',
  description: 'Lists the services that each broker knows, with their workers and queues.',
  settings: ['broker', 'timeoutMs', 'protocol', 'json', ...CURVE_SETTINGS],
  defaults: { timeoutMs: MANAGEMENT_TIMEOUT_MS },
  examples: [
    ['majordomo services', 'all of them'],
    ['majordomo services echo --json', 'one, as JSON'],
    ['majordomo services --broker tcp://10.0.0.1:5555 --broker tcp://10.0.0.2:5555', 'of two brokers'],
  ],
  load: () => import('./services'),
});

const workers = defineCommand({
  name: 'workers',
  operands: [['[service]', 'those of this one only']],
  summary: 'list the workers of a broker',
  description: 'Lists the workers that are registered with each broker.',
  settings: ['broker', 'timeoutMs', 'protocol', 'json', ...CURVE_SETTINGS],
  defaults: { timeoutMs: MANAGEMENT_TIMEOUT_MS },
  examples: [
    ['majordomo workers', 'all of them'],
    ['majordomo workers echo', 'those of one service'],
    ['majordomo workers --json', 'as JSON'],
  ],
  load: () => import('./workers'),
});

const ping = defineCommand({
  name: 'ping',
  operands: [],
  summary: 'see whether brokers answer, and how fast',
  description:
    'Asks each broker about itself and prints its version, how long it is up, and the round trip. Ends with 0 where every ' +
    'broker answered, with 3 where one did not in time: fit for the health check of a container.',
  settings: ['broker', 'timeoutMs', 'protocol', 'json', ...CURVE_SETTINGS],
  defaults: { timeoutMs: MANAGEMENT_TIMEOUT_MS },
  examples: [
    ['majordomo ping', 'the broker of this machine'],
    ['majordomo ping --broker tcp://10.0.0.1:5555 --timeout-ms 500', 'another one, briefly'],
    ['majordomo ping --protocol mdp/0.1', 'a broker that speaks MDP/0.1 only, without asking'],
    ['majordomo ping --timeout-ms 2000 > /dev/null', 'HEALTHCHECK of a container: 0 is healthy'],
    ['majordomo ping --json', 'with all that the broker tells, as JSON'],
  ],
  load: () => import('./ping'),
});

const top = defineCommand({
  name: 'top',
  operands: [],
  summary: 'watch the services of a broker',
  description:
    'Shows what the dashboard of a broker shows, in the terminal: services with rates, latencies, queues and workers, ' +
    'and what went wrong lately. The broker has to run with --http. Keys: q ends, left and right choose the column to ' +
    'sort by, r turns the order, up and down scroll, space pauses.',
  settings: ['http', 'httpTokenFile', 'sort', 'once', 'timeoutMs', 'json'],
  defaults: { http: DEFAULT_HTTP, timeoutMs: MANAGEMENT_TIMEOUT_MS },
  examples: [
    ['majordomo top', `the broker of this machine, started with --http ${DEFAULT_HTTP}`],
    [
      'majordomo top --http 10.0.0.1:9464 --http-token-file token --sort p99',
      'another one, the slowest first',
    ],
    ['majordomo top --once', 'one table, for scripts and mails'],
    ['majordomo top --json', 'everything that there is to see, once, as JSON'],
  ],
  load: () => import('./top'),
});

const doctor = defineCommand({
  name: 'doctor',
  operands: [['[endpoint]', 'the broker to look at; else --broker']],
  summary: 'find out what is wrong with a broker, or with the way to it',
  description:
    'Connects, checks keys and rights, asks in every dialect, measures the round trip, looks at what the broker says of ' +
    'itself, its workers and queues, and says in words what is wrong and what to do. Ends with 1 where something is.',
  settings: ['broker', 'timeoutMs', 'service', 'json', ...CURVE_SETTINGS],
  defaults: { timeoutMs: DOCTOR_TIMEOUT_MS },
  examples: [
    ['majordomo doctor', 'the broker of this machine'],
    ['majordomo doctor tcp://10.0.0.1:5555', 'another one'],
    [
      'majordomo doctor --service invoice.print --curve-server-key-file broker.pub --curve-secret-key-file billing.key',
      'with keys, and whether this service may be asked with them',
    ],
    ['majordomo doctor --json tcp://10.0.0.1:5555', 'the findings as JSON'],
  ],
  load: () => import('./doctor'),
});

const keygen = defineCommand({
  name: 'keygen',
  operands: [['[name]', 'what the files are called: NAME.key and NAME.pub; majordomo unless said']],
  summary: 'make a CURVE key pair',
  description:
    'Makes a CURVE key pair and writes it to two files: NAME.key with the secret key, which its owner alone may read, ' +
    'and NAME.pub with the public one. Prints the public key. Files that are there are left as they are.',
  settings: ['out', 'force', 'json'],
  defaults: {},
  examples: [
    ['majordomo keygen broker', 'broker.key and broker.pub, here'],
    ['majordomo keygen billing --out /etc/majordomo/keys', 'in another folder'],
  ],
  load: () => import('./keygen'),
});

const contract = defineCommand({
  name: 'contract',
  operands: [
    ['<action>', 'check or snapshot'],
    ['<file>', 'a module that exports contracts, or a JSON file of snapshots; for check, the old one'],
    ['[new]', 'for check: the same, as it is now'],
  ],
  summary: 'see whether contracts of services may change as they did',
  description:
    'check compares contracts as they were with what they have become, and says for each service whether clients and ' +
    'workers of before go on, and if not, why: by the path of what they do not understand. Ends with 1 where one of ' +
    'them does not. snapshot prints the contracts of a module as JSON, to be kept and compared with later.',
  settings: ['json'],
  defaults: {},
  examples: [
    ['majordomo contract snapshot ./contracts.mjs > contracts.json', 'what they are now, to be committed'],
    ['majordomo contract check contracts.json ./contracts.mjs', 'in CI: may they change like that?'],
    ['majordomo contract check --json old.json new.json', 'the verdicts as JSON'],
  ],
  load: () => import('./contract'),
});

/** Every subcommand, in the order of the help. */
export const COMMANDS = [
  ...TITANIC_COMMANDS,
  broker,
  worker,
  request,
  ...DURABLE_COMMANDS,
  services,
  workers,
  ping,
  top,
  doctor,
  keygen,
  contract,
] as const;

/** What the first words of commands of several words are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  dead: 'look at dead letters: list, show, retry, purge',
};
