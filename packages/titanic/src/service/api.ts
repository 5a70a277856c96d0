import {
  InvalidOptionsError,
  isMajordomoError,
  parseOptions,
  RequestTakenError,
  RequestUnknownError,
  type Body,
  type BodyInput,
  type Logger,
} from '@majordomo/protocol';
import type { z } from 'zod';
import { unpackFrames } from '../core/frames';
import { isEnded } from '../core/lifecycle';
import { dueAtOf } from '../core/schedule';
import { CRON_SERVICE } from '../core/terms';
import type { Change, RequestStore, StoredWhole } from '../store/store';
import { DeadLetters } from './dead-letters';
import type { Intake } from './intake';
import * as messages from './messages';
import { STATUS, type ApiService } from './messages';
import { statusOf } from './status';
import type { Waiters } from './waiters';

/** What an answer may want to know beside the body. */
export interface ApiContext {
  /** Fires once nobody wants the answer. Most do not ask: each is made when it is asked for. */
  readonly signal: () => AbortSignal;
  /** The trace of the request, where a packed client says so: what it submits belongs to it, unless it says otherwise. */
  readonly traceparent: string | undefined;
}

/** Answers a request to a service: the frames of its reply. */
export type ApiAnswer = (body: Body, context: ApiContext) => Promise<BodyInput>;

/** What of the options bounds the services. */
export interface ApiOptions {
  readonly batchMax: number;
  readonly waitsMax: number;
}

/** Errors that lie with us: sent again, the request may succeed. All others are the client's. */
const OWN_FAULTS = new Set([
  'STORE_FULL',
  'STORE_UNAVAILABLE',
  'STORE_INVALID',
  'CLOSED',
  'QUEUE_FULL',
  'FAILED',
]);

/** Characters of an error's text that a client is told. */
const MESSAGE_MAX = 2_000;

const ok = (value: unknown, ...frames: readonly Uint8Array[]): BodyInput => [
  STATUS.ok,
  JSON.stringify(value),
  ...frames,
];

/** The services beyond RFC 9: JSON in the first frame, bodies behind; a status frame, JSON and bodies in return. */
export class Api {
  readonly #store: RequestStore;
  readonly #intake: Intake;
  readonly #waiters: Waiters;
  readonly #options: ApiOptions;
  readonly #logger: Logger;
  readonly #dead: DeadLetters;

  constructor(store: RequestStore, intake: Intake, waiters: Waiters, options: ApiOptions, logger: Logger) {
    this.#store = store;
    this.#intake = intake;
    this.#waiters = waiters;
    this.#options = options;
    this.#logger = logger;
    this.#dead = new DeadLetters(store);
  }

  /** Answers, whatever comes. */
  async answer(service: ApiService, body: Body, context: ApiContext): Promise<BodyInput> {
    try {
      return await this.#answers[service](body, context);
    } catch (error) {
      const code = isMajordomoError(error) ? error.code : 'FAILED';
      const isOurs = OWN_FAULTS.has(code);
      if (isOurs) {
        this.#logger.error(
          { event: 'answerFailed', service, id: idIn(body), err: error },
          'a request could not be answered',
        );
      }
      const message = isMajordomoError(error)
        ? shortened(error.message)
        : 'titanic failed; its log says how.';
      return [isOurs ? STATUS.error : STATUS.unknown, JSON.stringify({ code, message, retryable: isOurs })];
    }
  }

  readonly #answers: Readonly<Record<ApiService, ApiAnswer>> = {
    'titanic.submit': (body, { traceparent }) =>
      this.#submit(body, messages.traceparentSchema.safeParse(traceparent).data),
    'titanic.result': (body) => this.#result(read(messages.idSchema, body).id),
    'titanic.wait': (body, { signal }) => this.#wait(read(messages.waitSchema, body), signal()),
    'titanic.status': (body) => this.#status(body),
    'titanic.list': async (body) => ok(await this.#list(read(messages.listSchema, body))),
    'titanic.cancel': (body) => this.#cancel(read(messages.idSchema, body).id),
    'titanic.reschedule': (body) => {
      const { id, ...when } = read(messages.rescheduleSchema, body);
      return this.#change({ id, change: 'move', dueAt: dueAtOf(when, this.#store.now()) });
    },
    'titanic.edit': (body) => this.#edit(body),
    'titanic.dead.list': async (body) =>
      ok(await this.#list({ ...read(messages.deadListSchema, body), state: 'dead' as const })),
    'titanic.dead.show': (body) => this.#showDead(read(messages.idSchema, body).id),
    'titanic.dead.retry': async (body) =>
      ok({ count: await this.#dead.retry(read(messages.deadManySchema, body)) }),
    'titanic.dead.purge': async (body) =>
      ok({ count: await this.#dead.purge(read(messages.deadManySchema, body)) }),
    'titanic.stats': async () => {
      const [services, backlog] = await Promise.all([this.#store.stats(), this.#store.backlog()]);
      return ok({ services, backlog });
    },
  };

  async #submit(body: Body, traceparent: string | undefined): Promise<BodyInput> {
    const frames = body.frames.slice(1);
    const now = this.#store.now();
    const header = jsonOf(body);
    if (typeof header !== 'object' || header === null || !('requests' in header)) {
      const fields = parseOptions(messages.submissionSchema, header, 'titanic.submit');
      const [submitted] = await this.#store.submit([
        this.#intake.toRequest({ traceparent, ...fields }, frames, now),
      ]);
      return ok(submitted);
    }
    // Before each of them is looked at: the clients of all others wait meanwhile.
    if (Array.isArray(header.requests) && header.requests.length > this.#options.batchMax) {
      throw new InvalidOptionsError(
        `requests: ${header.requests.length} in one submission, at most ${this.#options.batchMax} are taken (batchMax).`,
      );
    }
    const { requests } = parseOptions(messages.batchSchema, header, 'titanic.submit');
    let taken = 0;
    const all = requests.map(({ frames: count, ...fields }) => {
      taken += count;
      return this.#intake.toRequest({ traceparent, ...fields }, frames.slice(taken - count, taken), now);
    });
    if (taken !== frames.length) {
      throw new InvalidOptionsError(
        `frames: the requests have ${taken} in all, and ${frames.length} came behind the JSON.`,
      );
    }
    return ok({ requests: await this.#store.submit(all) });
  }

  async #result(id: string): Promise<BodyInput> {
    const [found] = await this.#store.read([id], ['reply', 'progress']);
    if (!found) throw unknown(id);
    const status = JSON.stringify(statusOf(found, this.#store.now()));
    if (!isEnded(found.state)) return [STATUS.pending, status];
    return [STATUS.ok, status, ...(found.reply ? unpackFrames(found.reply) : [])];
  }

  async #wait(
    { id, timeoutMs }: z.output<typeof messages.waitSchema>,
    signal: AbortSignal,
  ): Promise<BodyInput> {
    if (this.#waiters.count >= this.#options.waitsMax) return this.#result(id);
    const { ended, leave } = this.#waiters.wait(id, timeoutMs, signal);
    try {
      const [found] = await this.#store.read([id], []);
      if (found && !isEnded(found.state)) await ended;
      return await this.#result(id);
    } finally {
      leave();
    }
  }

  /** Of one request, with its progress, or of several. */
  async #status(body: Body): Promise<BodyInput> {
    const header = jsonOf(body);
    const now = this.#store.now();
    if (typeof header === 'object' && header !== null && 'ids' in header) {
      const { ids } = parseOptions(messages.idsSchema, header, 'titanic.status');
      const found = await this.#store.read(ids, []);
      return ok({ requests: found.map((each) => (each ? statusOf(each, now) : null)) });
    }
    const { id } = parseOptions(messages.idSchema, header, 'titanic.status');
    const [found] = await this.#store.read([id], ['progress']);
    if (!found) throw unknown(id);
    return ok(statusOf(found, now));
  }

  async #list(query: z.output<typeof messages.listSchema>): Promise<unknown> {
    const { requests, next } = await this.#store.list(query);
    const now = this.#store.now();
    return { requests: requests.map((each) => statusOf(each, now)), next };
  }

  /** What was cancelled before stays so: a client that was not answered asks again. */
  async #cancel(id: string): Promise<BodyInput> {
    const [changed] = await this.#store.change([{ id, change: 'cancel' }]);
    if (changed?.result === 'refused' && changed.state === 'cancelled') return this.#told(id);
    return this.#changed(id, changed);
  }

  async #edit(body: Body): Promise<BodyInput> {
    const { id, priority, at, inMs, ttlMs, ...others } = read(messages.editSchema, body);
    const frames = body.frames.slice(1);
    // A schedule lives on: the time to live is that of what it makes.
    const isOfSchedule = ttlMs !== undefined && (await this.#isSchedule(id));
    const terms = isOfSchedule ? { ...others, ttlMs } : others;
    const dueAt =
      at === undefined && inMs === undefined ? undefined : dueAtOf({ at, inMs }, this.#store.now());
    return this.#change({
      id,
      change: 'edit',
      body: frames.length === 0 ? undefined : this.#intake.toBody(frames),
      priority,
      dueAt,
      ttlMs: isOfSchedule ? undefined : ttlMs,
      terms: Object.keys(terms).length === 0 ? undefined : JSON.stringify(terms),
    });
  }

  async #isSchedule(id: string): Promise<boolean> {
    const [found] = await this.#store.read([id], []);
    return found?.service === CRON_SERVICE;
  }

  async #change(change: Change): Promise<BodyInput> {
    const [changed] = await this.#store.change([change]);
    return this.#changed(change.id, changed);
  }

  #changed(
    id: string,
    changed: Awaited<ReturnType<RequestStore['change']>>[number] | undefined,
  ): Promise<BodyInput> {
    if (changed?.result === 'refused') {
      throw new RequestTakenError(`Request ${id} is ${changed.state}: it can no longer be changed.`);
    }
    if (changed?.result !== 'changed') throw unknown(id);
    return this.#told(id);
  }

  /** The request as it stands. */
  async #told(id: string): Promise<BodyInput> {
    return ok(statusOf(await this.#found(id, []), this.#store.now()));
  }

  async #showDead(id: string): Promise<BodyInput> {
    const found = await this.#found(id, ['body']);
    if (found.state !== 'dead')
      throw new RequestTakenError(`Request ${id} is ${found.state}: it is no dead letter.`);
    return ok(statusOf(found, this.#store.now()), ...unpackFrames(found.body ?? new Uint8Array(4)));
  }

  async #found(id: string, parts: readonly ('body' | 'reply')[]): Promise<StoredWhole> {
    const [found] = await this.#store.read([id], parts);
    if (found) return found;
    throw unknown(id);
  }
}

const unknown = (id: string): RequestUnknownError =>
  new RequestUnknownError(`There is no request ${id}: it was closed or purged, or never was.`);

/** The id that a request speaks of, where it speaks of one. */
function idIn(body: Body): string | undefined {
  try {
    return messages.withIdSchema.safeParse(jsonOf(body)).data?.id;
  } catch {
    return undefined;
  }
}

/** What is told of a fault: what a client wrote may be quoted in it, however long it is. */
function shortened(message: string): string {
  return message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message;
}

/** @throws InvalidBodyError */
const jsonOf = (body: Body): unknown => body.json(0);

/** @throws InvalidBodyError, InvalidOptionsError */
function read<Schema extends z.ZodType>(schema: Schema, body: Body): Readonly<z.output<Schema>> {
  return parseOptions(schema, jsonOf(body), 'request’s');
}
