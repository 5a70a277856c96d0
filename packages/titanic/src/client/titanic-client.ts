import { Client, type ClientOptions, type RequestOptions } from '@majordomo/client';
import {
  Body,
  ExpiredError,
  CancelledError,
  InvalidOptionsError,
  isMajordomoError,
  MessageTooLargeError,
  RequestDeadError,
  StoreUnavailableError,
  TimeoutError,
  toFrames,
  type BodyInput,
  type MajordomoError,
} from '@majordomo/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { faultOf } from './fault';
import * as messages from '../service/messages';
import type { ApiService, Edit, ListOptions, RequestStatus, Submission } from '../service/messages';
import { RequestIds } from '../service/request-ids';

/** A request to be stored: when, how often, how long; the service and the body are given apart. */
export type SubmitOptions = Omit<Submission, 'service'>;
/** One of several. */
export interface BatchEntry extends Submission {
  readonly body?: BodyInput;
}
export type Submitted = z.infer<typeof messages.submittedSchema>;
export type RequestPage = z.infer<typeof messages.pageSchema>;
export type TitanicCounts = z.infer<typeof messages.statsSchema>;
/** When, of `reschedule`: one of both. */
export interface When {
  /** A time, in ms since 1970, or ISO 8601 with an offset. */
  readonly at?: number | string;
  /** A delay, in ms. */
  readonly inMs?: number;
}
/** Which dead letters: one of these. */
export type DeadChoice = z.input<typeof messages.deadManySchema>;

/** What has become of a request. */
export interface Result {
  readonly status: RequestStatus;
  /** Its reply, where it is done. */
  readonly reply: Body | undefined;
}

/** How to wait. */
export interface WaitOptions {
  /** In ms. Default: for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One question to `titanic.wait` is at most this long, in ms; then it is asked anew. */
const WAIT_MS = 25_000;
/** The pause before it is asked anew where the answer was that there is none yet, and came early, in ms. */
const AGAIN_MS = 500;
/** How much longer a client waits for the answer, in ms. */
const WAIT_MARGIN_MS = 5_000;

/**
 * Durable requests, for those who want them done: a typed face of the services `titanic.*`.
 *
 * ```ts
 * const titanic = new TitanicClient({ brokers: 'tcp://127.0.0.1:5555' });
 * const { id } = await titanic.submit('mail', letter, { at: '2026-12-24T18:00:00+01:00', attempts: 5 });
 * const reply = await titanic.wait(id);
 * ```
 */
export class TitanicClient {
  readonly #client: Client;
  readonly #isOwn: boolean;
  readonly #ids = new RequestIds();

  /** @param client - one that is there, and stays open; or the options of one of its own */
  constructor(client: Client | ClientOptions = {}) {
    this.#isOwn = !(client instanceof Client);
    this.#client = client instanceof Client ? client : new Client(client);
  }

  /**
   * Stores a request; it is on disk when this resolves. It has a UUID from the start, so that sending it again, as the
   * client does when a connection is lost, stores it once.
   * @throws InvalidOptionsError, StoreFullError, StoreUnavailableError, and what `Client.request` throws
   */
  async submit(service: string, body?: BodyInput, options: SubmitOptions = {}): Promise<Submitted> {
    const header = { ...options, service, id: options.id ?? this.#ids.next(Date.now()) };
    const [json] = await this.#ask('titanic.submit', header, toFrames(body));
    return messages.submittedSchema.parse(json);
  }

  /**
   * Stores several requests, all or none, in one step: up to 1,000 where neither titanic nor the limits say otherwise.
   * @throws MessageTooLargeError where they are more than one message holds, and what {@link submit} throws
   */
  async submitMany(entries: readonly BatchEntry[]): Promise<Submitted[]> {
    const now = Date.now();
    const bodies = entries.map(({ body }) => toFrames(body));
    const requests = entries.map((entry, index) => ({
      ...entry,
      id: entry.id ?? this.#ids.next(now),
      frames: bodies[index]!.length,
      body: undefined,
    }));
    const [json] = await this.#ask('titanic.submit', { requests }, bodies.flat());
    return messages.batchSubmittedSchema.parse(json).requests;
  }

  /**
   * What has become of a request, as it stands.
   * @throws RequestUnknownError
   */
  async result(id: string): Promise<Result> {
    return toResult(await this.#ask('titanic.result', { id }));
  }

  /**
   * Waits for the reply; it comes as soon as it is there.
   * @throws RequestDeadError, ExpiredError, CancelledError where it ended without one
   * @throws RequestUnknownError where there is no such request, or it was closed meanwhile
   * @throws TimeoutError where the time is up; the request goes on
   */
  async wait(id: string, options: WaitOptions = {}): Promise<Body> {
    return replyOf(await this.outcome(id, options));
  }

  /**
   * Waits for the end, with a reply or without: the state is `done`, `dead`, `expired` or `cancelled`.
   * @throws RequestUnknownError where there is no such request, or it was closed meanwhile
   * @throws TimeoutError where the time is up; the request goes on
   */
  async outcome(id: string, { timeoutMs = Infinity, signal }: WaitOptions = {}): Promise<Result> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const askedAt = performance.now();
      const leftMs = Math.max(0, deadline - askedAt);
      const stepMs = Math.ceil(Math.min(WAIT_MS, leftMs));
      const options = { timeoutMs: stepMs + WAIT_MARGIN_MS, ...(signal && { signal }) };
      const result = toResult(await this.#ask('titanic.wait', { id, timeoutMs: stepMs }, [], options));
      if (hasEnded(result)) return result;
      if (leftMs <= WAIT_MS && performance.now() >= deadline) {
        throw new TimeoutError(`Request ${id} was ${result.status.state} after ${timeoutMs} ms; it goes on.`);
      }
      // Answered before its time: as many wait as may, or that titanic stops.
      const earlyMs = askedAt + stepMs - performance.now();
      if (earlyMs > 0) {
        await delay(Math.min(earlyMs, AGAIN_MS), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /**
   * A request as it stands, with its latest progress.
   * @throws RequestUnknownError
   */
  async status(id: string): Promise<RequestStatus> {
    const [json] = await this.#ask('titanic.status', { id });
    return messages.requestStatusSchema.parse(json);
  }

  /** Several, in order; `null` for those that there are not. */
  async statuses(ids: readonly string[]): Promise<(RequestStatus | null)[]> {
    const [json] = await this.#ask('titanic.status', { ids });
    return messages.statusesSchema.parse(json).requests;
  }

  /** One page of requests, the latest first. A page may hold less than `limit`, even nothing, and have a `next`. */
  async list(query: ListOptions = {}): Promise<RequestPage> {
    const [json] = await this.#ask('titanic.list', query);
    return messages.pageSchema.parse(json);
  }

  /**
   * Takes a request back that has not been claimed.
   * @throws RequestTakenError, RequestUnknownError
   */
  cancel(id: string): Promise<RequestStatus> {
    return this.#change('titanic.cancel', { id });
  }

  /**
   * Moves a request that has not been claimed; its time to live moves with it.
   * @throws RequestTakenError, RequestUnknownError, InvalidOptionsError
   */
  reschedule(id: string, when: When): Promise<RequestStatus> {
    return this.#change('titanic.reschedule', { id, ...when });
  }

  /**
   * Changes a request that has not been claimed: what is given replaces what was there, the body too.
   * @throws RequestTakenError, RequestUnknownError, InvalidOptionsError
   */
  edit(id: string, edit: Edit, body?: BodyInput): Promise<RequestStatus> {
    return this.#change('titanic.edit', { id, ...edit }, body === undefined ? [] : toFrames(body));
  }

  /** Dead letters. */
  readonly dead = {
    /** One page, the latest first. */
    list: async (query: Omit<ListOptions, 'state'> = {}): Promise<RequestPage> => {
      const [json] = await this.#ask('titanic.dead.list', query);
      return messages.pageSchema.parse(json);
    },
    /** @throws RequestTakenError where it is none, RequestUnknownError */
    show: async (id: string): Promise<{ readonly status: RequestStatus; readonly body: Body }> => {
      const [json, frames] = await this.#ask('titanic.dead.show', { id });
      return { status: messages.requestStatusSchema.parse(json), body: Body.of(frames) };
    },
    /** Lets them be tried again, with all their attempts. @returns how many */
    retry: (choice: DeadChoice): Promise<number> => this.#many('titanic.dead.retry', choice),
    /** Removes them. @returns how many */
    purge: (choice: DeadChoice): Promise<number> => this.#many('titanic.dead.purge', choice),
  };

  /** How much there is, by service and state. */
  async stats(): Promise<TitanicCounts> {
    const [json] = await this.#ask('titanic.stats', {});
    return messages.statsSchema.parse(json);
  }

  /** Removes a request and its reply, whatever its state; one that is not there is no error (RFC 9, "titanic.close"). */
  async close(id: string): Promise<void> {
    const reply = await this.#client.request('titanic.close', id);
    const status = reply.text();
    if (status.startsWith(messages.STATUS.ok)) return;
    if (status.startsWith(messages.STATUS.unknown))
      throw new InvalidOptionsError(`${id} is no UUID of 32 hex characters.`);
    throw new StoreUnavailableError(`Request ${id} could not be closed: ${status}.`);
  }

  /** Closes the connections, where the client is its own. */
  disconnect(): void {
    if (this.#isOwn) this.#client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
  }

  async #change(
    service: ApiService,
    header: object,
    frames: readonly Uint8Array[] = [],
  ): Promise<RequestStatus> {
    const [json] = await this.#ask(service, header, frames);
    return messages.requestStatusSchema.parse(json);
  }

  async #many(service: ApiService, choice: DeadChoice): Promise<number> {
    const [json] = await this.#ask(service, choice);
    return messages.manyDoneSchema.parse(json).count;
  }

  /**
   * @returns the JSON of the answer and the frames behind it
   * @throws TimeoutError where no titanic took the question in time: that it expired says nothing of the request
   */
  async #ask(
    service: ApiService,
    header: object,
    frames: readonly Uint8Array[] = [],
    options: RequestOptions = {},
  ): Promise<[json: unknown, frames: readonly Uint8Array[]]> {
    const body = [JSON.stringify(header), ...frames];
    const reply = await this.#client
      .request(service, body, { contentType: 'application/json', ...options })
      .catch((error: unknown) => {
        if (isMajordomoError(error, 'EXPIRED')) throw unasked(service, error);
        if ('requests' in header && isMajordomoError(error, 'MESSAGE_TOO_LARGE')) throw tooMany(error);
        throw error;
      });
    const status = reply.text(0).slice(0, 3);
    if (status !== messages.STATUS.ok && status !== messages.STATUS.pending) throw faultOf(reply);
    return [reply.json(1), reply.frames.slice(2)];
  }
}

function unasked(service: string, cause: MajordomoError): TimeoutError {
  return new TimeoutError(`No titanic took the request to ${service} in time: ${cause.message}`, { cause });
}

function tooMany(cause: MajordomoError): MessageTooLargeError {
  const why = 'A batch is one message, in which each request has a frame or more: submit fewer at a time.';
  return new MessageTooLargeError(`${cause.message} ${why}`, { cause });
}

function toResult([json, frames]: [json: unknown, frames: readonly Uint8Array[]]): Result {
  const status = messages.requestStatusSchema.parse(json);
  return { status, reply: status.state === 'done' ? Body.of(frames) : undefined };
}

const hasEnded = ({ status: { state } }: Result): boolean =>
  state === 'done' || state === 'dead' || state === 'expired' || state === 'cancelled';

/** The reply of a request that has ended. */
function replyOf({ status, reply }: Result): Body {
  if (reply) return reply;
  const { id, state, attempts, error } = status;
  const why = error ? ` ${error.workerCode ?? error.code}: ${error.message}` : '';
  if (state === 'cancelled') throw new CancelledError(`Request ${id} was cancelled.`);
  if (state === 'expired') {
    throw new ExpiredError(`Request ${id} outlived its time and was not delivered.${why}`);
  }
  throw new RequestDeadError(`Request ${id} is a dead letter after ${attempts} attempts.${why}`);
}
