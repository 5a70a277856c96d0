import { defineCommand } from '../command';
import { REACH_SETTINGS } from './reach-settings';
import { SUBMISSION_SETTINGS } from './submission-settings';

/** How long a question to a titanic may take, in ms. */
const QUESTION_TIMEOUT_MS = 5_000;

const question = { defaults: { timeoutMs: QUESTION_TIMEOUT_MS } } as const;

const ID = ['<id>', 'the UUID that submit printed'] as const;
const IDS = ['<id...>', 'the UUIDs that submit printed'] as const;

/** What holds where `edit` is told nothing of it. */
const KEPT = 'as it is';

/** Stands for a UUID in the examples. */
const UUID = '019f0a2b4c5d6e7f8091a2b3c4d5e6f7';

const submit = defineCommand({
  name: 'submit',
  operands: [
    ['[service]', 'the service to do it; with --json-lines, of lines that name none'],
    ['[body...]', 'a frame each; - reads standard input; none is one empty frame'],
  ],
  summary: 'submit a durable request: now, later, or by a schedule',
  description:
    'Stores a request at a titanic and prints its UUID: it is on disk then, and will be delivered. With --wait it prints ' +
    'the reply once it is there. With --json-lines it submits one request per line of standard input.',
  settings: [...SUBMISSION_SETTINGS, 'jsonLines', 'wait', 'waitMax', 'raw', ...REACH_SETTINGS],
  defaults: {},
  examples: [
    ["majordomo submit mail 'Dear all, …'", 'as soon as somebody serves mail'],
    ["majordomo submit mail 'Happy new year' --at 2027-01-01T00:00:00+01:00 --ttl 1h", 'then, or not at all'],
    ['majordomo submit resize - --wait --raw < photo.jpg > small.jpg', 'wait for the reply'],
    [
      "majordomo submit report '' --cron '0 9 * * 1-5' --timezone Europe/Berlin",
      'at nine in the morning, Monday to Friday',
    ],
    ['majordomo submit invoice 4711 --key invoice-4711', 'once, however often this is run'],
    [
      'majordomo submit mail --json-lines < mails.jsonl > ids.txt',
      'many: {"body": "…", "inMs": 60000} a line',
    ],
  ],
  load: () => import('./submit'),
});

const result = defineCommand({
  name: 'result',
  operands: [ID],
  summary: 'print the reply to a durable request',
  description:
    'Prints the reply to a durable request, as request does; ends with 3 where there is none yet, or was none in its time, ' +
    'and with 4 where it is dead or cancelled. With --json, what is known of the request, and the frames of its reply.',
  settings: ['wait', 'waitMax', 'raw', ...REACH_SETTINGS],
  ...question,
  examples: [
    [`majordomo result ${UUID}`, 'as it stands'],
    [`majordomo result ${UUID} --wait --wait-max 10m`, 'wait for it, no longer than ten minutes'],
  ],
  load: () => import('./result'),
});

const status = defineCommand({
  name: 'status',
  operands: [IDS],
  summary: 'say what has become of durable requests',
  description: 'Prints all that is known of durable requests; with --json a line each.',
  settings: [...REACH_SETTINGS],
  ...question,
  examples: [[`majordomo status ${UUID}`, 'state, times, attempts, the last error']],
  load: () => import('./status'),
});

const list = defineCommand({
  name: 'list',
  operands: [],
  summary: 'list durable requests, or count them',
  description:
    'Lists durable requests, the latest first; with --counts, how many there are by service and state.',
  settings: ['state', 'service', 'search', 'limit', 'after', 'counts', ...REACH_SETTINGS],
  ...question,
  examples: [
    ['majordomo list', 'the latest'],
    ['majordomo list --state waiting --service mail', 'mails that wait'],
    ['majordomo list --counts', 'how many there are of what'],
    ['majordomo list --limit 100000 --json', 'as JSON: { requests, next }'],
  ],
  load: () => import('./list'),
});

const cancel = defineCommand({
  name: 'cancel',
  operands: [IDS],
  summary: 'take durable requests back',
  description: 'Takes durable requests back that nobody works on yet, and ends schedules.',
  settings: [...REACH_SETTINGS],
  ...question,
  examples: [[`majordomo cancel ${UUID}`, 'it is kept as cancelled, and not delivered']],
  load: () => import('./cancel'),
});

const reschedule = defineCommand({
  name: 'reschedule',
  operands: [ID],
  summary: 'move a durable request to another time',
  description: 'Moves a durable request that nobody works on yet; its time to live moves with it.',
  settings: ['at', 'in', ...REACH_SETTINGS],
  ...question,
  examples: [
    [`majordomo reschedule ${UUID} --at 2026-12-24T18:00:00+01:00`, 'to a time'],
    [`majordomo reschedule ${UUID} --in 0s`, 'to now'],
  ],
  load: () => import('./reschedule'),
});

const edit = defineCommand({
  name: 'edit',
  operands: [
    ID,
    ['[body...]', 'the new body, a frame each; - reads standard input; none leaves it as it is'],
  ],
  summary: 'change a durable request',
  description: 'Changes a durable request that nobody works on yet: what is given replaces what was there.',
  settings: [
    'at',
    'in',
    'newTtl',
    'newPriority',
    'attempts',
    'attemptTimeout',
    'backoffMin',
    'backoffMax',
    'contentType',
    ...REACH_SETTINGS,
  ],
  ...question,
  // What is not given stays.
  otherwise: { attempts: KEPT, attemptTimeout: KEPT, backoffMin: KEPT, backoffMax: KEPT },
  examples: [
    [`majordomo edit ${UUID} 'Dear all, once more: …'`, 'another body'],
    [`majordomo edit ${UUID} --priority 9 --ttl none`, 'sooner, and for ever'],
  ],
  load: () => import('./edit'),
});

const close = defineCommand({
  name: 'close',
  operands: [IDS],
  summary: 'remove durable requests and their replies',
  description:
    'Removes durable requests and their replies, whatever their state. One that is not there is no error (RFC 9).',
  settings: [...REACH_SETTINGS],
  ...question,
  examples: [[`majordomo close ${UUID}`, 'its reply is needed no longer']],
  load: () => import('./close'),
});

const MANY = ['[id...]', 'the UUIDs of dead letters; else --service, or --all'] as const;

const deadList = defineCommand({
  name: 'dead list',
  operands: [],
  summary: 'list dead letters',
  description: 'Lists dead letters, the latest first, with their last error.',
  settings: ['service', 'search', 'limit', 'after', ...REACH_SETTINGS],
  ...question,
  examples: [['majordomo dead list --service mail', 'mails that could not be sent']],
  load: () => import('./dead-list'),
});

const deadShow = defineCommand({
  name: 'dead show',
  operands: [ID],
  summary: 'show a dead letter and its body',
  description: 'Shows a dead letter: all that is known of it, its last error, and its body.',
  settings: ['raw', ...REACH_SETTINGS],
  ...question,
  examples: [
    [`majordomo dead show ${UUID}`, 'what it was, and why it died'],
    [`majordomo dead show ${UUID} --raw > body`, 'the bytes of its body alone'],
  ],
  load: () => import('./dead-show'),
});

const deadRetry = defineCommand({
  name: 'dead retry',
  operands: [MANY],
  summary: 'let dead letters be tried again',
  description: 'Lets dead letters be tried again, with all their attempts, from now on.',
  settings: ['service', 'all', ...REACH_SETTINGS],
  ...question,
  examples: [
    [`majordomo dead retry ${UUID}`, 'one'],
    ['majordomo dead retry --service mail', 'those of a service, once it works again'],
  ],
  load: async () => (await import('./dead-many')).retry,
});

const deadPurge = defineCommand({
  name: 'dead purge',
  operands: [MANY],
  summary: 'remove dead letters',
  description: 'Removes dead letters for good.',
  settings: ['service', 'all', ...REACH_SETTINGS],
  ...question,
  examples: [['majordomo dead purge --service mail', 'those of a service']],
  load: async () => (await import('./dead-many')).purge,
});

/** What is asked of a titanic. */
export const DURABLE_COMMANDS = [
  submit,
  result,
  status,
  list,
  cancel,
  reschedule,
  edit,
  close,
  deadList,
  deadShow,
  deadRetry,
  deadPurge,
] as const;
