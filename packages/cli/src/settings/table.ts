import {
  curveKeySchema,
  DEFAULT_ENDPOINT,
  DEFAULT_LIMITS,
  FRAMES_MAX,
  PRIORITY_DEFAULT,
  PRIORITY_MAX,
  PROTOCOLS,
} from '@majordomo/protocol';
import { z } from 'zod';
import { EXIT } from '../exit';
import {
  bindEndpoints,
  brokerEndpoints,
  httpAddress,
  INT32_MAX,
  milliseconds,
  oneOf,
  onOff,
  whole,
} from './schemas';
import { DURABLE_TABLE } from './durable-table';
import type { Setting } from './setting';
import { TITANIC_TABLE } from './titanic-table';
import { TOP_COLUMNS } from '../top/columns';

const MIB = 1024 * 1024;

/** Everything that can be set, by config key. */
export const SETTINGS = {
  config: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().optional(),
    description: 'read settings from this JSON file',
  },
  bind: {
    takes: 'list',
    placeholder: 'endpoint',
    schema: bindEndpoints.prefault([DEFAULT_ENDPOINT]),
    description: 'listen here; may be repeated; ?role=ROLE and ?curve=off may stand behind it',
    faultExit: EXIT.failure,
  },
  broker: {
    takes: 'list',
    placeholder: 'endpoint',
    schema: brokerEndpoints.default([DEFAULT_ENDPOINT]),
    description: 'the broker; may be repeated',
    faultExit: EXIT.failure,
  },
  curveSecretKeyFile: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().min(1).optional(),
    description: 'the file with the own secret CURVE key: nothing goes unencrypted then',
  },
  curveServerKeyFile: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().min(1).optional(),
    description: 'the file with the public CURVE key of the broker',
  },
  curveServerKey: {
    takes: 'text',
    placeholder: 'key',
    schema: curveKeySchema.optional(),
    description: 'the public CURVE key of the broker itself',
  },
  policy: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().min(1).optional(),
    description: 'who may connect, request, serve and manage; read again at SIGHUP',
  },
  out: {
    takes: 'text',
    placeholder: 'folder',
    schema: z.string().min(1).default('.'),
    description: 'where to write to',
    flagOnly: true,
  },
  force: {
    takes: 'switch',
    schema: onOff(),
    description: 'replace files that are there',
    flagOnly: true,
  },
  protocol: {
    takes: 'text',
    placeholder: 'dialect',
    schema: oneOf(PROTOCOLS).default('auto'),
    description: `what to speak: ${PROTOCOLS.join(', ')}; auto finds out what the broker knows`,
  },
  heartbeatMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds().default(2_500),
    description: 'time between heartbeats',
  },
  liveness: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_000).default(4),
    description: 'heartbeats that may be missed before the other side is given up',
  },
  serviceExpiryMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds().default(60_000),
    description: 'how long a request waits for a service that has no worker',
  },
  attemptsMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1).default(3),
    description: 'how many workers a request is given to, one after the loss of the other',
  },
  jobDeadlineMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds().default(300_000),
    description: 'how long a busy worker that never heartbeats at work may be silent',
  },
  queueMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(0).default(100_000),
    description: 'requests that may wait for one service',
  },
  queueBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(0).default(256 * MIB),
    description: 'bytes that may wait for one service',
  },
  pendingBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1).default(1_024 * MIB),
    description: 'bytes of all requests, waiting or at workers',
  },
  backlogMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1).default(10_000),
    description: 'messages that one peer has not read yet; one that has more is cut off',
  },
  backlogBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1).default(64 * MIB),
    description: 'the same in bytes',
  },
  backlogTotalBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1).default(1_024 * MIB),
    description: 'the same of all peers that share a role; the one that most waits for is cut off',
  },
  stallMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds().default(30_000),
    description: 'how long a peer may take nothing of what is sent to it before its connection is closed',
  },
  servicesMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1).default(100_000),
    description: 'services at one time',
  },
  workersMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1).default(100_000),
    description: 'workers at one time',
  },
  clientsMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1).default(100_000),
    description: 'clients with a session of the packed dialect at one time',
  },
  framesMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, FRAMES_MAX).default(DEFAULT_LIMITS.framesMax),
    description: 'frames in one message',
  },
  frameBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1, INT32_MAX).default(DEFAULT_LIMITS.frameBytesMax),
    description: 'bytes in one frame; a peer that sends more is cut off',
  },
  messageBytesMax: {
    takes: 'number',
    placeholder: 'bytes',
    schema: whole(1, INT32_MAX).default(DEFAULT_LIMITS.messageBytesMax),
    description: 'bytes in one message, all frames together',
  },
  drainTimeoutMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds(0).default(30_000),
    description: 'how long a shutdown waits for work in hand',
  },
  http: {
    takes: 'text',
    placeholder: 'host:port',
    schema: httpAddress.optional(),
    description: 'where metrics, health and the dashboard are served',
  },
  httpTokenFile: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().optional(),
    description: 'the file with the token that has to be said to see more than health',
  },
  durable: {
    takes: 'switch',
    schema: onOff(),
    description: 'show the durable work of a titanic behind this broker on the dashboard, at /durable',
  },
  durableSecretKeyFile: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().min(1).optional(),
    description: 'the file with the secret CURVE key by which the dashboard asks titanic, for the policy',
  },
  metricsServicesMax: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(0, 2_000).default(200),
    description: 'services with a label of their own in the metrics',
  },
  sort: {
    takes: 'text',
    placeholder: 'column',
    schema: oneOf(TOP_COLUMNS).default('rate'),
    description: `the column to sort by at first: ${TOP_COLUMNS.join(', ')}`,
  },
  once: {
    takes: 'switch',
    schema: onOff(),
    description: 'print it once and end',
    flagOnly: true,
  },
  logLevel: {
    takes: 'text',
    placeholder: 'level',
    schema: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    description: 'log this and worse: debug, info, warn, error or silent',
  },
  concurrency: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_024).optional(),
    description: 'requests at once',
    otherwise: '1; with --handler-file, as many as there are threads',
  },
  echo: {
    takes: 'switch',
    schema: onOff(),
    description: 'answer each request with its own body',
    flagOnly: true,
  },
  handlerFile: {
    takes: 'text',
    placeholder: 'file',
    schema: z.string().min(1, 'should be the path of a file').optional(),
    description: 'answer with the default export of this JavaScript file, which runs in threads',
    flagOnly: true,
  },
  threads: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 256).optional(),
    description: 'threads for the handler file',
    otherwise: 'one less than there are processors',
  },
  lines: {
    takes: 'switch',
    schema: onOff(),
    description: 'send each line of output as a PARTIAL, as it comes',
    flagOnly: true,
  },
  timeoutMs: {
    takes: 'number',
    placeholder: 'ms',
    schema: milliseconds().default(30_000),
    description: 'how long an answer may take, retries included; of a stream, each part of it',
  },
  retries: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(0, 100).default(2),
    description: 'how often to send a request again that is not answered',
  },
  priority: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(0, PRIORITY_MAX).default(PRIORITY_DEFAULT),
    description: 'from 0 to 9: the higher is served first',
  },
  failFast: {
    takes: 'switch',
    schema: onOff(),
    description: 'fail at once where no worker is registered',
  },
  count: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, INT32_MAX).optional(),
    description: 'send the request this often and print a summary, not the replies',
    flagOnly: true,
  },
  raw: {
    takes: 'switch',
    schema: onOff(),
    description: 'print the bytes and nothing else, no newlines between frames',
    flagOnly: true,
  },
  json: {
    takes: 'switch',
    schema: onOff(),
    description: 'print JSON',
  },
  ...TITANIC_TABLE,
  ...DURABLE_TABLE,
} as const satisfies Record<string, Setting>;

/** The name of a setting, which is its key in a config file. */
export type SettingKey = keyof typeof SETTINGS;

/** Resolved settings, by key. */
export type Settings<Key extends SettingKey> = {
  readonly [K in Key]: z.output<(typeof SETTINGS)[K]['schema']>;
};

/** True for a key of {@link SETTINGS}. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}
