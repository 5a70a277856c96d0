import { setTimeout as delay } from 'node:timers/promises';
import { Client, isMajordomoError } from '@majordomo/client';
import { TitanicClient, type BatchEntry, type RequestStatus } from '@majordomo/titanic';
import type { Entry, Reply, State } from '../ledger';
import { framesOf, replyIn } from './orders';
import type { ParamsOf } from './params';

/** What came of a request in the end. */
export interface End {
  readonly state: State;
  readonly reply: Reply | null;
}

/** How a submitter talks to titanic. */
export interface Talk {
  /**
   * Submits entries, all or none. @returns their UUIDs
   * @throws what tells that no answer came
   */
  submit(entries: readonly Entry[], signal: AbortSignal): Promise<string[]>;
  /** Waits for the end of a request. */
  read(id: string, signal: AbortSignal): Promise<End>;
  /** @returns the code of the refusal; null where it was done */
  cancel(id: string, signal: AbortSignal): Promise<string | null>;
  move(id: string, dueAt: number, signal: AbortSignal): Promise<string | null>;
  closeRequest(id: string, signal: AbortSignal): Promise<string | null>;
  close(): void;
}

const PAUSE_MS = 50;
const POLL_MS = 250;
const WAIT_MS = 5_000;
/** How long one request to titanic may take until it is made again, in ms. */
const TIMEOUT_MS = 10_000;
/** How long an answer is asked for again and again, in ms: longer than anything is away. */
const PATIENCE_MS = 120_000;

/** What no repetition mends. */
const FINAL = new Set(['REQUEST_TAKEN', 'REQUEST_UNKNOWN', 'INVALID_OPTIONS', 'INVALID_BODY']);
const ENDS = new Map<string, State>([
  ['REQUEST_DEAD', 'dead'],
  ['EXPIRED', 'expired'],
  ['CANCELLED', 'cancelled'],
]);

const newClient = ({ broker, protocol }: ParamsOf<'submitter'>): Client =>
  new Client({ brokers: broker, protocol, timeoutMs: TIMEOUT_MS, reconnectMinMs: 20, reconnectMaxMs: 200 });

/** Tries again for as long as repetition may help. */
async function insist<Result>(signal: AbortSignal, make: () => Promise<Result>): Promise<Result> {
  const patientUntil = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await make();
    } catch (error) {
      const { code = 'FAILED' } = error as { code?: string };
      if (signal.aborted || FINAL.has(code) || ENDS.has(code) || performance.now() > patientUntil)
        throw error;
      await delay(PAUSE_MS, undefined, { signal });
    }
  }
}

/** By the typed client: what is not answered is asked for again. */
export class ClientTalk implements Talk {
  readonly #client: Client;
  readonly #titanic: TitanicClient;
  readonly #service: string;

  constructor(params: ParamsOf<'submitter'>) {
    this.#client = newClient(params);
    this.#titanic = new TitanicClient(this.#client);
    this.#service = params.service;
  }

  async submit(entries: readonly Entry[], signal: AbortSignal): Promise<string[]> {
    const requests = entries.map((entry): BatchEntry => ({
      service: this.#service,
      body: framesOf(entry),
      priority: entry.priority,
      ...(entry.id !== null && { id: entry.id }),
      ...(entry.dueAt !== null && { at: entry.dueAt }),
      ...(entry.ttlMs !== null && { ttlMs: entry.ttlMs }),
      ...(entry.key !== null && { key: entry.key }),
    }));
    const [only, ...others] = requests;
    const submitted = await insist(signal, async () => {
      if (!only || others.length > 0) return this.#titanic.submitMany(requests);
      const { service, body, ...options } = only;
      return [await this.#titanic.submit(service, body, options)];
    });
    return submitted.map(({ id }) => id);
  }

  async read(id: string, signal: AbortSignal): Promise<End> {
    try {
      const reply = await insist(signal, () => this.#titanic.wait(id, { timeoutMs: WAIT_MS, signal }));
      return { state: 'done', reply: replyIn(reply.frames) };
    } catch (error) {
      const state = ENDS.get((error as { code?: string }).code ?? '');
      if (!state) throw error;
      return { state, reply: null };
    }
  }

  cancel(id: string, signal: AbortSignal): Promise<string | null> {
    return this.#refusal(signal, () => this.#titanic.cancel(id));
  }

  move(id: string, dueAt: number, signal: AbortSignal): Promise<string | null> {
    return this.#refusal(signal, () => this.#titanic.reschedule(id, { at: dueAt }));
  }

  closeRequest(id: string, signal: AbortSignal): Promise<string | null> {
    return this.#refusal(signal, () => this.#titanic.close(id));
  }

  async #refusal(signal: AbortSignal, make: () => Promise<RequestStatus | void>): Promise<string | null> {
    try {
      await insist(signal, make);
      return null;
    } catch (error) {
      if (isMajordomoError(error) && FINAL.has(error.code)) return error.code;
      throw error;
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** By the three services of RFC 9, as any client can: a submission is made once, and its answer may be lost. */
export class Rfc9Talk implements Talk {
  readonly #client: Client;
  readonly #service: string;

  constructor(params: ParamsOf<'submitter'>) {
    this.#client = newClient(params);
    this.#service = params.service;
  }

  async submit([entry]: readonly Entry[]): Promise<string[]> {
    const body = [this.#service, ...framesOf(entry!)];
    const reply = await this.#client.request('titanic.request', body, { idempotent: false, retries: 0 });
    if (reply.text(0) !== '200') throw Object.assign(new Error('refused'), { code: reply.text(0) });
    return [reply.text(1)];
  }

  async read(id: string, signal: AbortSignal): Promise<End> {
    for (;;) {
      const reply = await insist(signal, () => this.#client.request('titanic.reply', id));
      const status = reply.text(0);
      if (status === '200') return { state: 'done', reply: replyIn(reply.frames.slice(1)) };
      if (status === '500 it failed for good') return { state: 'dead', reply: null };
      if (status.startsWith('400')) throw new Error(`titanic.reply said ${status}`);
      await delay(POLL_MS, undefined, { signal });
    }
  }

  cancel(): Promise<string | null> {
    return Promise.reject(new Error('RFC 9 cannot cancel'));
  }

  move(): Promise<string | null> {
    return Promise.reject(new Error('RFC 9 cannot move'));
  }

  async closeRequest(id: string, signal: AbortSignal): Promise<string | null> {
    const status = (await insist(signal, () => this.#client.request('titanic.close', id))).text(0);
    return status === '200' ? null : status;
  }

  close(): void {
    this.#client.close();
  }
}
