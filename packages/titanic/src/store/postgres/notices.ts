import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import type { Listeners } from '../listeners';
import { clientConfig, type Connecting } from './database';

/** The channel, in each schema its own. */
const channelOf = (schema: string): string => `titanic_${schema}`;

/** Ids in one notice: a payload is less than 8,000 bytes. */
const IDS_MAX = 200;

/** The wait before the listening connection is made anew, in ms. */
const AGAIN_MS = 250;

const noticeSchema = z.object({
  /** Who tells: what it told itself, it has heard before. */
  from: z.string(),
  due: z.number().optional(),
  ended: z.array(z.string()).optional(),
});
type Notice = z.infer<typeof noticeSchema>;

/** A connection that hears. */
interface Listening {
  /** Resolves when it does no more. */
  readonly lost: Promise<void>;
}

/**
 * Hears of what other titanics did in the same schema (LISTEN). The connection is made anew when it is lost; what was
 * missed meanwhile shows when the store is looked at then.
 */
export class Notices {
  readonly #connecting: Connecting;
  readonly #listeners: Listeners;
  readonly #stopped = new AbortController();
  /** How notices of this store begin. */
  readonly #ownStart: string;
  #client: pg.Client | undefined;
  #loop: Promise<void> | undefined;

  /** @param self - what notices of this store say they are from */
  constructor(
    connecting: Connecting,
    listeners: Listeners,
    private readonly self: string,
  ) {
    this.#connecting = connecting;
    this.#listeners = listeners;
    this.#ownStart = JSON.stringify({ from: self }).slice(0, -1);
  }

  /** Resolves once it listens. */
  async start(): Promise<void> {
    this.#loop = this.#keep(await this.#listen());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#loop;
    // One that was being made meanwhile.
    await this.#client?.end().catch(() => undefined);
  }

  /** Payloads that tell of this. */
  payloads(dueAt: number, ended: readonly string[]): string[] {
    const notices: Notice[] = [];
    for (let from = 0; from < ended.length; from += IDS_MAX) {
      notices.push({ from: this.self, ended: ended.slice(from, from + IDS_MAX) });
    }
    if (dueAt !== Infinity) notices.push({ from: this.self, due: dueAt });
    return notices.map((notice) => JSON.stringify(notice));
  }

  get channel(): string {
    return channelOf(this.#connecting.schema);
  }

  async #listen(): Promise<Listening> {
    const client = new pg.Client(clientConfig(this.#connecting));
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', ({ payload }) => this.#heard(payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${pg.escapeIdentifier(this.channel)}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return { lost };
  }

  async #keep(first: Listening): Promise<void> {
    const { signal } = this.#stopped;
    let listening: Listening | undefined = first;
    while (!signal.aborted) {
      await listening?.lost;
      await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      listening = await this.#listen().catch(() => undefined);
      if (!listening) continue;
      this.#listeners.due(0);
      this.#listeners.missed();
    }
  }

  #heard(payload: string | undefined): void {
    // Most of what one hears is one's own.
    if (payload?.startsWith(this.#ownStart)) return;
    let json: unknown;
    try {
      json = JSON.parse(payload ?? '');
    } catch {
      return;
    }
    const notice = noticeSchema.safeParse(json);
    if (!notice.success || notice.data.from === this.self) return;
    const { due, ended } = notice.data;
    if (ended) this.#listeners.ended(ended);
    if (due !== undefined) this.#listeners.due(due);
  }
}
