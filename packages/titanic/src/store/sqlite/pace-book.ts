import type Database from 'better-sqlite3';
import type { PaceState } from '../../core/pace';

interface PaceRow {
  readonly service: string;
  readonly tokens: number;
  readonly refilled_at: number;
  readonly failures: number;
  readonly pauses: number;
  readonly paused_until: number;
}

/** The paces of services, in their table. */
export class PaceBook {
  readonly #get: Database.Statement<[string], PaceRow>;
  readonly #put: Database.Statement;
  readonly #forget: Database.Statement<[number, number]>;

  constructor(db: Database.Database) {
    this.#get = db.prepare('SELECT * FROM paces WHERE service = ?');
    this.#put = db.prepare(
      `INSERT OR REPLACE INTO paces (service, tokens, refilled_at, failures, pauses, paused_until)
       VALUES (:service, :tokens, :refilledAt, :failures, :pauses, :pausedUntil)`,
    );
    this.#forget = db.prepare(
      `DELETE FROM paces WHERE service IN
       (SELECT service FROM paces WHERE refilled_at <= ? AND paused_until <= ? LIMIT 1000)`,
    );
  }

  get(service: string): PaceState | undefined {
    const row = this.#get.get(service);
    return (
      row && {
        tokens: row.tokens,
        refilledAt: row.refilled_at,
        failures: row.failures,
        pauses: row.pauses,
        pausedUntil: row.paused_until,
      }
    );
  }

  put(service: string, state: PaceState): void {
    this.#put.run({ service, ...state });
  }

  /** Forgets services that were neither claimed for nor paused since. */
  forget(before: number): void {
    this.#forget.run(before, before);
  }
}
