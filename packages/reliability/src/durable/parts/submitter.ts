import { setTimeout as delay } from 'node:timers/promises';
import { LedgerFile } from '../../ledger-file';
import { Random } from '../../random';
import type { Entry, SubmitterLine } from '../ledger';
import { drawWish, type Wish } from './entries';
import type { RunningPart, Say } from './messages';
import type { ParamsOf } from './params';
import { ClientTalk, Rfc9Talk, type Talk } from './talk';

/** Submissions under way at one time. */
const LANES = 12;
/** Entries that are cared for after their submission, at one time. */
const CARES_MAX = 200;
/** Entries of one submission. */
const BATCH_MAX = 20;
/** How often one that a client makes has more than one. */
const BATCHED = 0.2;
/** With requests that are all due at one time: they are to be stored before. */
const BATCH_ONE_TIME = 100;
const SAY_EVERY_MS = 250;

/** Submits entries, cares for some of them, and writes down what it is answered. */
export function playSubmitter(params: ParamsOf<'submitter'>, say: Say): RunningPart {
  const submitter = new Submitter(params);
  const timer = setInterval(() => say({ kind: 'progress', made: submitter.made }), SAY_EVERY_MS);
  const over = submitter.work().then(() => {
    clearInterval(timer);
    say({ kind: 'progress', made: submitter.made });
    say({ kind: 'finished' });
  });
  return {
    end: async () => {
      clearInterval(timer);
      submitter.close();
      await over;
    },
  };
}

class Submitter {
  /** Entries that have an outcome. */
  made = 0;
  readonly #talk: Talk;
  readonly #ledger: LedgerFile<SubmitterLine>;
  readonly #random: Random;
  readonly #cares = new Set<Promise<void>>();
  readonly #closed = new AbortController();
  #drawn = 0;
  #batches = 0;
  #startedAt = 0;

  constructor(private readonly params: ParamsOf<'submitter'>) {
    this.#talk = params.by === 'client' ? new ClientTalk(params) : new Rfc9Talk(params);
    this.#ledger = new LedgerFile(params.ledger);
    this.#random = new Random(`${params.seed} ${params.life}`);
  }

  /** Resolves once every entry has an outcome, and none is cared for any more. */
  async work(): Promise<void> {
    this.#startedAt = performance.now();
    await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
    await Promise.all(this.#cares);
  }

  /** The end; what has no outcome by now has none. */
  close(): void {
    this.#closed.abort();
    this.#ledger.close();
    this.#talk.close();
  }

  async #lane(): Promise<void> {
    const { requests, perSecond } = this.params;
    while (this.#drawn < requests && !this.#closed.signal.aborted) {
      const wishes = this.#draw(Math.min(requests - this.#drawn, this.#size()));
      const waitMs = this.#startedAt + (this.#drawn / perSecond) * 1_000 - performance.now();
      if (waitMs > 0) await this.#pause(waitMs);
      await Promise.all(inSubmissions(wishes).map((each) => this.#submit(each)));
      while (this.#cares.size >= CARES_MAX) await Promise.race(this.#cares);
    }
  }

  #size(): number {
    if (this.params.by === 'rfc9') return 1;
    if (this.params.mix === 'one-time') return BATCH_ONE_TIME;
    return this.#random.next() < BATCHED ? this.#random.between(2, BATCH_MAX) : 1;
  }

  #draw(count: number): Wish[] {
    const now = Date.now();
    return Array.from({ length: count }, () =>
      drawWish(this.params, `${this.params.life}/${++this.#drawn}`, now),
    );
  }

  async #submit(wishes: readonly Wish[]): Promise<void> {
    const batch = `${this.params.life}/batch ${++this.#batches}`;
    const entries = wishes.map(({ entry }) => entry);
    this.#ledger.write({ kind: 'submitting', batch, entries, at: Date.now() });
    try {
      const ids = await this.#talk.submit(entries, this.#closed.signal);
      this.#ledger.write({ kind: 'stored', batch, ids, at: Date.now() });
      for (const [index, wish] of wishes.entries()) this.#careFor(wish, ids[index]!);
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      this.#ledger.write({ kind: 'unanswered', batch, code, at: Date.now() });
    }
    this.made += entries.length;
  }

  #careFor(wish: Wish, id: string): void {
    if (!wish.read && !wish.cancel && wish.moveTo === null) return;
    const care = this.#care(wish, id)
      // The end of the run, or what the ledger shows by what is missing.
      .catch(() => undefined)
      .finally(() => void this.#cares.delete(care));
    this.#cares.add(care);
  }

  async #care({ entry, read, close, cancel, moveTo }: Wish, id: string): Promise<void> {
    const { signal } = this.#closed;
    const change = async (
      kind: 'cancel' | 'move' | 'close',
      dueAt: number | null,
      make: () => Promise<string | null>,
    ): Promise<void> => {
      const line = { token: entry.token, change: kind };
      this.#ledger.write({ kind: 'changing', ...line, dueAt, at: Date.now() });
      const code = await make();
      this.#ledger.write({ kind: 'changed', ...line, code, at: Date.now() });
    };
    if (cancel) await change('cancel', null, () => this.#talk.cancel(id, signal));
    if (moveTo !== null) await change('move', moveTo, () => this.#talk.move(id, moveTo, signal));
    if (!read) return;
    const result = await this.#talk.read(id, signal);
    this.#ledger.write({ kind: 'read', token: entry.token, ...result, at: Date.now() });
    if (close && result.state === 'done')
      await change('close', null, () => this.#talk.closeRequest(id, signal));
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }
}

/** One submission; but entries with a key go alone, and twice: as an entry of their own that has the same key. */
function inSubmissions(wishes: readonly Wish[]): Wish[][] {
  const together = wishes.filter(({ entry }) => entry.key === null);
  const alone = wishes.filter(({ entry }) => entry.key !== null).flatMap((wish) => [[wish], [twinOf(wish)]]);
  return together.length > 0 ? [together, ...alone] : alone;
}

function twinOf(wish: Wish): Wish {
  const { token, id } = wish.entry;
  const entry: Entry = { ...wish.entry, token: `${token} again`, id: id && [...id].reverse().join('') };
  return { ...wish, entry, read: false, close: false };
}
