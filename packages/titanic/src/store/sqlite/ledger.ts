import type Database from 'better-sqlite3';
import { isEnded, stateNumber, stateOf, STATES, type State } from '../../core/lifecycle';
import type { StoreCount } from '../store';

interface TotalRow {
  readonly service: string;
  readonly state: number;
  readonly requests: number;
  readonly bytes: number;
}

/** How much there is, kept as it changes: counting ten million rows takes seconds. */
export class Ledger {
  readonly #add: Database.Statement;
  readonly #drop: Database.Statement;
  readonly #one: Database.Statement<[string, number], { requests: number }>;
  readonly #all: Database.Statement<[], TotalRow>;
  readonly #perState: Database.Statement<[], { state: number; requests: number }>;
  /** What changed in this transaction, by state and service. */
  #changes = new Map<string, { service: string; state: number; requests: number; bytes: number }>();
  #open: number;
  #opened = 0;

  constructor(db: Database.Database) {
    this.#add = db.prepare(
      `INSERT INTO totals (service, state, requests, bytes) VALUES (:service, :state, :requests, :bytes)
       ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, bytes = bytes + excluded.bytes`,
    );
    this.#drop = db.prepare(
      'DELETE FROM totals WHERE service = :service AND state = :state AND requests = 0',
    );
    this.#one = db.prepare('SELECT requests FROM totals WHERE service = ? AND state = ?');
    this.#all = db.prepare('SELECT service, state, requests, bytes FROM totals');
    this.#perState = db.prepare('SELECT state, sum(requests) AS requests FROM totals GROUP BY state');
    this.#open = this.#perState
      .all()
      .filter(({ state }) => !isEnded(stateOf(state)))
      .reduce((sum, { requests }) => sum + requests, 0);
  }

  /** Requests that wait or run, those of this transaction included. */
  get open(): number {
    return this.#open + this.#opened;
  }

  /** Notes requests that came into a state, or with negative numbers left it. */
  note(service: string, state: State, requests: number, bytes: number): void {
    const number = stateNumber(state);
    const key = `${number} ${service}`;
    const change = this.#changes.get(key);
    if (change) {
      change.requests += requests;
      change.bytes += bytes;
    } else {
      this.#changes.set(key, { service, state: number, requests, bytes });
    }
    if (!isEnded(state)) this.#opened += requests;
  }

  /** Notes one request that went from one state into another, and maybe grew. */
  moved(service: string, from: State, to: State, bytesBefore: number, bytesAfter = bytesBefore): void {
    this.note(service, from, -1, -bytesBefore);
    this.note(service, to, 1, bytesAfter);
  }

  /** Requests of a service in one state, what this transaction changed included. */
  count(service: string, state: State): number {
    const number = stateNumber(state);
    const changed = this.#changes.get(`${number} ${service}`)?.requests ?? 0;
    return (this.#one.get(service, number)?.requests ?? 0) + changed;
  }

  /** Writes what changed, as part of the transaction. */
  write(): void {
    for (const change of this.#changes.values()) {
      if (change.requests === 0 && change.bytes === 0) continue;
      this.#add.run(change);
      if (change.requests < 0) this.#drop.run({ service: change.service, state: change.state });
    }
  }

  /** The transaction has ended. */
  ended(committed: boolean): void {
    if (committed) this.#open += this.#opened;
    this.#opened = 0;
    if (this.#changes.size > 0) this.#changes = new Map();
  }

  /** Per service and state, as of the last commit. */
  all(): StoreCount[] {
    return this.#all.all().map((row) => ({ ...row, state: stateOf(row.state) }));
  }

  /** Requests per state, as of the last commit. */
  perState(): Record<State, number> {
    const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
    for (const { state, requests } of this.#perState.all()) counts[stateOf(state)] = requests;
    return counts;
  }
}
