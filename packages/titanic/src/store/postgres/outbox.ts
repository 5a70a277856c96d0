import { sql } from 'kysely';
import type { Trx } from './database';
import type { Notices } from './notices';

/**
 * Tells other titanics of what was done, after it was: in its transaction, a notice would have every commit wait for the
 * one before. One statement is on its way at a time, and what is to be told meanwhile goes with the next. It does not
 * wait for the disk: what a crash keeps from being told, the others find when they look.
 */
export class Outbox {
  #dueAt = Infinity;
  #ended: string[] = [];
  #sending: Promise<void> | undefined;

  constructor(
    private readonly db: Trx,
    private readonly notices: Notices,
  ) {}

  tell(dueAt: number, ended: readonly string[]): void {
    if (dueAt === Infinity && ended.length === 0) return;
    this.#dueAt = Math.min(this.#dueAt, dueAt);
    for (const id of ended) this.#ended.push(id);
    this.#sending ??= this.#send();
  }

  /** Resolves once all is told. */
  async empty(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    const { channel } = this.notices;
    while (this.#dueAt !== Infinity || this.#ended.length > 0) {
      const payloads = this.notices.payloads(this.#dueAt, this.#ended);
      this.#dueAt = Infinity;
      this.#ended = [];
      await sql`
        SELECT pg_notify(${channel}, payload)
        FROM set_config('synchronous_commit', 'off', true), unnest(${payloads}::text[]) AS payload`
        .execute(this.db)
        .catch(() => undefined);
    }
    this.#sending = undefined;
  }
}
