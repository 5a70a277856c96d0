import {
  count,
  milliseconds,
  PRIORITY_DEFAULT,
  PRIORITY_MAX,
  serviceNameSchema,
  type Limits,
} from '@majordomo/protocol';
import { z } from 'zod';
import { PHASES, STATES, WAITING_PHASES } from '../core/lifecycle';
import { parseRequestId } from '../core/request-id';
import { isStorable } from '../core/storable';
import { SPAN_MS_MAX } from './options';

/** The services of RFC 9. */
export const TSP_SERVICES = ['titanic.request', 'titanic.reply', 'titanic.close'] as const;

/** The services beyond it: the first frame of a request to them is JSON. */
export const API_SERVICES = [
  'titanic.submit',
  'titanic.result',
  'titanic.wait',
  'titanic.status',
  'titanic.list',
  'titanic.cancel',
  'titanic.reschedule',
  'titanic.edit',
  'titanic.dead.list',
  'titanic.dead.show',
  'titanic.dead.retry',
  'titanic.dead.purge',
  'titanic.stats',
] as const;
export type ApiService = (typeof API_SERVICES)[number];

/** The status frames (RFC 9, "Status Frames"): there are no others, beyond RFC 9 neither. */
export const STATUS = Object.freeze({ ok: '200', pending: '300', unknown: '400', error: '500' });

/** Frames in an answer before those of a body or a reply: the status and the JSON. */
export const ANSWER_FRAMES = 2;

/** Frames of a body or reply that an answer has room for. */
export const storedFramesMax = ({ framesMax }: Pick<Limits, 'framesMax'>): number =>
  framesMax - ANSWER_FRAMES;

/** Ids in one request, at the most. */
const IDS_MAX = 1_000;
/** Version, trace id, parent id and flags in lower-case hex (W3C Trace Context); later versions may say more. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]*)?$/;
/** Characters of an idempotency key. */
const KEY_MAX = 255;

const id = z
  .string()
  .refine((text) => parseRequestId(text) !== undefined, 'should be 32 hex characters')
  .transform((text) => text.toLowerCase());

const ids = z.array(id).min(1).max(IDS_MAX);

const text = (min: number, max: number) =>
  z.string().min(min).max(max).refine(isStorable, 'should be text in Unicode without NUL');

/** A time in ms since 1970, UTC. */
const time = count(0, 8_640_000_000_000_000);
/** The same, or as ISO 8601 with an offset. */
const timeOrText = z.union([
  time,
  z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .pipe(time),
]);
const span = (min: number) => count(min, SPAN_MS_MAX);

const targetService = serviceNameSchema.refine(
  (service) => !service.startsWith('titanic.') && !service.startsWith('mmi.'),
  'should not be a service of titanic’s own, nor of the broker’s',
);

/** The trace that a request belongs to. */
export const traceparentSchema = z
  .string()
  .max(255)
  .regex(TRACEPARENT, 'should be a traceparent of W3C Trace Context');

const how = {
  /** 0–9, the higher first. Default 4. */
  priority: count(0, PRIORITY_MAX),
  /** When: a time. */
  at: timeOrText,
  /** When: a delay, in ms. */
  inMs: span(0),
  /** How long after its due time it may still be delivered, in ms. */
  ttlMs: span(1),
  attempts: count(1, 1_000),
  backoffMinMs: milliseconds(1),
  backoffMaxMs: milliseconds(1),
  timeoutMs: milliseconds(1),
  contentType: text(1, 255),
  /** True where PARTIALs are progress, not part of the reply. */
  progress: z.boolean(),
};

const cronSchema = z.strictObject({
  /** Five fields, or six with seconds in front. */
  pattern: text(1, 255),
  /** IANA name. Default UTC. */
  timezone: text(1, 64).default('UTC'),
  /** True where occurrences that were missed are made up for one by one. Default false: by one request. */
  catchUp: z.boolean().default(false),
});

const oneWhen = [
  (value: { at?: unknown; inMs?: unknown; cron?: unknown }): boolean =>
    [value.at, value.inMs, value.cron].filter((each) => each !== undefined).length <= 1,
  'should have one of at, inMs and cron at the most',
] as const;

const requestFields = z.strictObject({
  service: targetService,
  /** The UUID that it is to have. Submitted again with it, it is the same request. */
  id: id.optional(),
  /** The idempotency key: within its window, requests of one service with one key are one. */
  key: text(1, KEY_MAX).optional(),
  keyWindowMs: span(1).optional(),
  cron: cronSchema.optional(),
  traceparent: traceparentSchema.optional(),
  ...z.strictObject(how).partial().shape,
  priority: how.priority.default(PRIORITY_DEFAULT),
});

/** One request to be stored: the JSON of `titanic.submit`, its body in the frames behind. */
export const submissionSchema = requestFields.refine(...oneWhen);

/** Several: each says how many of the frames behind are its body. */
export const batchSchema = z.strictObject({
  requests: z.array(requestFields.extend({ frames: count(1, 65_535).default(1) }).refine(...oneWhen)).min(1),
});

/** What `titanic.submit` answers, for each request. */
export const submittedSchema = z.object({ id: z.string(), duplicate: z.boolean() });
export const batchSubmittedSchema = z.object({ requests: z.array(submittedSchema) });

export const idSchema = z.strictObject({ id });
/** Whatever speaks of one request. */
export const withIdSchema = z.object({ id });
export const idsSchema = z.strictObject({ ids });

/** `titanic.wait`: how long, in ms. */
export const waitSchema = z.strictObject({ id, timeoutMs: milliseconds(0).default(25_000) });

export const listSchema = z.strictObject({
  /** `waiting` is all that waits, the latest first; `scheduled`, `due` and `retrying` are parts of it, in their turn. */
  state: z.enum([...STATES, ...WAITING_PHASES]).optional(),
  service: text(1, 255).optional(),
  /** What the id begins with. */
  idPrefix: z
    .string()
    .regex(/^[0-9a-f]{1,32}$/i, 'should be 1 to 32 hex characters')
    .transform((text) => text.toLowerCase())
    .optional(),
  /** Part of an id or of a service's name. */
  search: text(1, 255).optional(),
  limit: count(1, 1_000).default(100),
  after: text(0, 512).optional(),
});

export const rescheduleSchema = z
  .strictObject({ id, at: timeOrText.optional(), inMs: span(0).optional() })
  .refine(({ at, inMs }) => (at === undefined) !== (inMs === undefined), 'should have either at or inMs');

/** `titanic.edit`: what is given replaces what was there, `null` goes back to the service's rules; a body in the frames behind. */
export const editSchema = z
  .strictObject({
    id,
    priority: how.priority.optional(),
    at: how.at.optional(),
    inMs: how.inMs.optional(),
    ttlMs: how.ttlMs.nullable().optional(),
    attempts: how.attempts.nullable().optional(),
    backoffMinMs: how.backoffMinMs.nullable().optional(),
    backoffMaxMs: how.backoffMaxMs.nullable().optional(),
    timeoutMs: how.timeoutMs.nullable().optional(),
    contentType: how.contentType.nullable().optional(),
    progress: how.progress.nullable().optional(),
  })
  .refine(...oneWhen);

export const deadListSchema = listSchema.omit({ state: true });
/** `titanic.dead.retry` and `titanic.dead.purge`: these, or all, of one service where one is named. */
export const deadManySchema = z
  .strictObject({
    ids: ids.optional(),
    service: text(1, 255).optional(),
    all: z.literal(true).optional(),
  })
  .refine(
    ({ ids: some, service, all }) => [some, service, all].filter((each) => each !== undefined).length === 1,
    'should have one of ids, service and all',
  );
export const manyDoneSchema = z.object({ count: count(0) });

const failureSchema = z.object({
  code: z.string(),
  message: z.string(),
  workerCode: z.string().optional(),
  retryable: z.boolean().optional(),
});

/** What is told of a request. Times in ms since 1970, UTC. */
export const requestStatusSchema = z.object({
  id: z.string(),
  state: z.enum(PHASES),
  service: z.string(),
  priority: count(0, PRIORITY_MAX),
  dueAt: z.number(),
  expiresAt: z.number().optional(),
  submittedAt: z.number(),
  endedAt: z.number().optional(),
  attempts: count(0),
  bytes: count(0),
  owner: z.string().optional(),
  key: z.string().optional(),
  cron: cronSchema.optional(),
  schedule: z.string().optional(),
  contentType: z.string().optional(),
  replyType: z.string().optional(),
  /** The last failure. */
  error: failureSchema.optional(),
  /** The first frame of the latest PARTIAL, as text; where the status of one request is asked for. */
  progress: z.string().optional(),
});
export type RequestStatus = z.infer<typeof requestStatusSchema>;

export const statusesSchema = z.object({ requests: z.array(requestStatusSchema.nullable()) });
export const pageSchema = z.object({ requests: z.array(requestStatusSchema), next: z.string().optional() });

export const statsSchema = z.object({
  /** Requests and bytes by service and state. */
  services: z.array(
    z.object({ service: z.string(), state: z.string(), requests: count(0), bytes: count(0) }),
  ),
  /** What waits, by service, of up to 1,000 services; each number is exact up to 10,000. */
  backlog: z.array(
    z.object({
      service: z.string(),
      /** Requests whose time has come, and that have not been tried. */
      due: count(0),
      /** Requests that wait for another attempt. */
      retrying: count(0),
      /** When the first of those whose time has come was due, in ms. */
      oldestDueAt: z.number().optional(),
      /** True where there are more than were counted. */
      isMore: z.boolean(),
    }),
  ),
});

/** What stands behind a status of 400 or 500. */
export const faultSchema = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });

/** What `titanic.cancel` answers, and `titanic.reschedule` and `titanic.edit`: the request as it stands now. */
export type Submission = z.input<typeof submissionSchema>;
export type ListOptions = z.input<typeof listSchema>;
export type Edit = Omit<z.input<typeof editSchema>, 'id'>;
