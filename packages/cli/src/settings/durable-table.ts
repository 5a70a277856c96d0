import { PRIORITY_MAX } from '@majordomo/protocol';
import { z } from 'zod';
import { momentText } from './moment';
import { oneOf, onOff, whole } from './schemas';
import type { Setting } from './setting';
import { longSpan, timerSpan } from './span';

/** What can be listed apart; those that wait are scheduled, due or retrying. */
const STATES = [
  'waiting',
  'scheduled',
  'due',
  'retrying',
  'running',
  'done',
  'dead',
  'expired',
  'cancelled',
] as const;

const text = (max: number) =>
  z.string().min(1, `should be of 1 to ${max} characters`).max(max, `should be of 1 to ${max} characters`);

/** What can be said of durable requests: of one call each, so all are flags and nothing else. */
export const DURABLE_TABLE = {
  at: {
    takes: 'text',
    placeholder: 'time',
    schema: momentText.optional(),
    description: 'when it is due, such as 2026-12-24T18:00:00+01:00',
    flagOnly: true,
  },
  in: {
    takes: 'text',
    placeholder: 'span',
    schema: longSpan(0).optional(),
    description: 'when it is due, from now on, such as 30s, 5m, 1h30m or 2d',
    flagOnly: true,
  },
  cron: {
    takes: 'text',
    placeholder: 'pattern',
    schema: text(255).optional(),
    description: 'make a schedule of it, by a pattern of five fields, or six with seconds in front',
    flagOnly: true,
  },
  timezone: {
    takes: 'text',
    placeholder: 'zone',
    schema: text(64).optional(),
    description: 'the time zone of --cron, such as Europe/Berlin',
    otherwise: 'UTC',
    flagOnly: true,
  },
  catchUp: {
    takes: 'switch',
    schema: onOff(),
    description: 'with --cron, make up for each occurrence that was missed, not once for all',
    flagOnly: true,
  },
  ttl: {
    takes: 'text',
    placeholder: 'span',
    schema: longSpan(1).optional(),
    description: 'how long after its due time it may still be delivered',
    flagOnly: true,
  },
  newTtl: {
    takes: 'text',
    flag: 'ttl',
    placeholder: 'span',
    schema: z.union([z.literal('none').transform(() => null), longSpan(1)]).optional(),
    description: 'how long after its due time it may still be delivered; none takes the limit away',
    flagOnly: true,
  },
  key: {
    takes: 'text',
    placeholder: 'text',
    schema: text(255).optional(),
    description: 'the idempotency key: within its window, requests with one key are one',
    flagOnly: true,
  },
  keyWindow: {
    takes: 'text',
    placeholder: 'span',
    schema: longSpan(1).optional(),
    description: 'how long the key stands for this request',
    otherwise: 'what titanic says, a day',
    flagOnly: true,
  },
  attempts: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_000).optional(),
    description: 'attempts before it is a dead letter',
    otherwise: 'what titanic says of its service, 10',
    flagOnly: true,
  },
  attemptTimeout: {
    takes: 'text',
    placeholder: 'span',
    schema: timerSpan(1).optional(),
    description: 'how long one attempt may take',
    otherwise: 'what titanic says of its service, 1m',
    flagOnly: true,
  },
  backoffMin: {
    takes: 'text',
    placeholder: 'span',
    schema: timerSpan(1).optional(),
    description: 'the wait after the first failure, which doubles with each',
    otherwise: 'what titanic says of its service, 1s',
    flagOnly: true,
  },
  backoffMax: {
    takes: 'text',
    placeholder: 'span',
    schema: timerSpan(1).optional(),
    description: 'the longest such wait',
    otherwise: 'what titanic says of its service, 5m',
    flagOnly: true,
  },
  contentType: {
    takes: 'text',
    placeholder: 'type',
    schema: text(255).optional(),
    description: 'what the body is, for the worker',
    flagOnly: true,
  },
  progress: {
    takes: 'switch',
    schema: onOff(),
    description: 'PARTIALs of the worker are its progress, and no part of the reply',
    flagOnly: true,
  },
  requestId: {
    takes: 'text',
    flag: 'id',
    placeholder: 'uuid',
    schema: z
      .string()
      .regex(/^[0-9a-f]{32}$/i, 'should be 32 hex characters')
      .optional(),
    description: 'the UUID that it is to have; submitted again with it, it is the same request',
    flagOnly: true,
  },
  newPriority: {
    takes: 'number',
    flag: 'priority',
    placeholder: 'n',
    schema: whole(0, PRIORITY_MAX).optional(),
    description: 'from 0 to 9: the higher is delivered first',
    flagOnly: true,
  },
  jsonLines: {
    takes: 'switch',
    schema: onOff(),
    description: 'submit many: one JSON object a line from standard input, in batches',
    flagOnly: true,
  },
  wait: {
    takes: 'switch',
    schema: onOff(),
    description: 'wait for the reply and print it',
    flagOnly: true,
  },
  waitMax: {
    takes: 'text',
    placeholder: 'span',
    schema: longSpan(1).optional(),
    description: 'with --wait, wait no longer than this; the request goes on',
    flagOnly: true,
  },
  state: {
    takes: 'text',
    placeholder: 'state',
    schema: oneOf(STATES).optional(),
    description: `only these: ${STATES.join(', ')}; what waits is scheduled, due or retrying`,
    flagOnly: true,
  },
  service: {
    takes: 'text',
    placeholder: 'name',
    schema: text(255).optional(),
    description: 'the one service that is meant',
    flagOnly: true,
  },
  search: {
    takes: 'text',
    placeholder: 'text',
    schema: text(255).optional(),
    description: 'only those with this in their id or their service’s name',
    flagOnly: true,
  },
  limit: {
    takes: 'number',
    placeholder: 'n',
    schema: whole(1, 1_000_000).default(50),
    description: 'so many at the most',
    flagOnly: true,
  },
  after: {
    takes: 'text',
    placeholder: 'cursor',
    schema: text(512).optional(),
    description: 'go on behind an earlier list, which said how',
    flagOnly: true,
  },
  counts: {
    takes: 'switch',
    schema: onOff(),
    description: 'how many there are, by service and state, instead of which',
    flagOnly: true,
  },
  all: {
    takes: 'switch',
    schema: onOff(),
    description: 'all of them',
    flagOnly: true,
  },
} as const satisfies Record<string, Setting>;
