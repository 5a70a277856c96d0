import type Database from 'better-sqlite3';
import { PRIORITY_MAX } from '@majordomo/protocol';
import { isWaitingPhase, stateNumber, type State } from '../../core/lifecycle';
import {
  BACKLOG_MAX,
  BACKLOG_SERVICES_MAX,
  type Backlog,
  type ListPage,
  type ListQuery,
  type StoredRequest,
} from '../store';
import {
  byEnd,
  fits,
  formatTurn,
  idRange,
  parseCursor,
  parseTurn,
  SEARCH_ROWS_MAX,
  toBacklog,
  type Turn,
} from '../walk';
import { COLUMNS, toStored, type Row } from './reading';
import { idBytes, type Room } from './room';

/** A walk of one page: takes rows that fit, until there are enough, or so many were looked at. */
class Page {
  readonly requests: StoredRequest[] = [];
  /** Rows, and places where there might have been some, that were looked at. */
  looked = 0;
  last: Row | undefined;

  constructor(
    private readonly query: ListQuery,
    private readonly now: number,
  ) {}

  get isFull(): boolean {
    return this.requests.length >= this.query.limit || this.looked >= SEARCH_ROWS_MAX;
  }

  take(row: Row): void {
    this.looked++;
    this.last = row;
    const request = toStored(row);
    if (fits(request, this.query, this.now)) this.requests.push(request);
  }
}

/**
 * Lists requests page by page. Rows are walked in the order of one index, so many at the most, and those that fit are
 * taken. The cursor is the place in that order where the walk ended.
 */
export class Listing {
  readonly #walks: Record<'all' | 'running' | 'ended', Database.Statement<[object], Row>>;
  readonly #byId: Database.Statement<[Uint8Array, Uint8Array, Uint8Array], Row>;
  readonly #turns: Database.Statement<[object], Row>;
  readonly #retrying: Database.Statement<[object], Row>;
  readonly #retryingOf: Database.Statement<[object], Row>;
  readonly #nextService: Database.Statement<[string], { service: string }>;
  readonly #waiting: Database.Statement<[number], { service: string }>;
  readonly #due: Database.Statement<
    [string, number, number, number],
    { count: number; first: number | null }
  >;
  readonly #tried: Database.Statement<[string, number, number], { count: number }>;

  constructor({ db }: Room) {
    this.#walks = {
      all: db.prepare(`SELECT ${COLUMNS} FROM requests WHERE seq < :seq ORDER BY seq DESC`),
      running: db.prepare(
        `SELECT ${COLUMNS} FROM requests INDEXED BY leased WHERE state = 1 AND seq < :seq ORDER BY seq DESC`,
      ),
      ended: db.prepare(
        `SELECT ${COLUMNS} FROM requests WHERE state = :state AND state >= 2 AND (ended_at, seq) < (:at, :seq)
         ORDER BY ended_at DESC, seq DESC`,
      ),
    };
    this.#byId = db.prepare(
      `SELECT ${COLUMNS} FROM requests WHERE id >= ? AND id <= ? AND id > ? ORDER BY id`,
    );
    this.#turns = db.prepare(
      `SELECT ${COLUMNS} FROM requests INDEXED BY due WHERE state = 0 AND service = :service AND priority = :priority
       AND due_at <= :to AND (due_at, seq) > (:dueAt, :seq) ORDER BY due_at, seq LIMIT :max`,
    );
    this.#retrying = db.prepare(
      `SELECT ${COLUMNS} FROM requests INDEXED BY retrying WHERE state = 0 AND attempts > 0
       AND (service, due_at, seq) > (:service, :dueAt, :seq) ORDER BY service, due_at, seq`,
    );
    this.#retryingOf = db.prepare(
      `SELECT ${COLUMNS} FROM requests INDEXED BY retrying WHERE state = 0 AND attempts > 0
       AND service = :service AND (due_at, seq) > (:dueAt, :seq) ORDER BY due_at, seq`,
    );
    this.#nextService = db.prepare(
      'SELECT service FROM requests WHERE state = 0 AND service > ? ORDER BY service LIMIT 1',
    );
    this.#waiting = db.prepare(
      'SELECT service FROM totals WHERE state = 0 AND requests > 0 ORDER BY service LIMIT ?',
    );
    this.#due = db.prepare(
      `SELECT count(*) AS count, min(due_at) AS first FROM (SELECT due_at FROM requests INDEXED BY due
       WHERE state = 0 AND service = ? AND priority = ? AND due_at <= ? ORDER BY due_at LIMIT ?)`,
    );
    this.#tried = db.prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM requests INDEXED BY retrying
       WHERE state = 0 AND attempts > 0 AND service = ? AND due_at <= ? LIMIT ?)`,
    );
  }

  list(query: ListQuery, now: number): ListPage {
    const { state, idPrefix } = query;
    const page = new Page(query, now);
    if (idPrefix !== undefined) return this.#withPrefix(page, idPrefix, query.after);
    if (!isWaitingPhase(state)) return this.#latest(page, state, query.after);
    if (state === 'retrying') return this.#toBeRetried(page, query);
    return this.#inTurn(page, query, state, now);
  }

  #withPrefix(page: Page, prefix: string, cursor: string | undefined): ListPage {
    const { from, to, after } = idRange(prefix, cursor);
    for (const row of this.#byId.iterate(idBytes(from), idBytes(to), idBytes(after ?? ''))) {
      if (page.isFull) return { requests: page.requests, next: page.last && toStored(page.last).id };
      page.take(row);
    }
    return { requests: page.requests, next: undefined };
  }

  #latest(page: Page, state: State | undefined, cursor: string | undefined): ListPage {
    const walk = this.#walks[state === 'running' ? 'running' : byEnd(state) ? 'ended' : 'all'];
    const place = parseCursor(cursor);
    for (const row of walk.iterate({ ...place, state: state === undefined ? null : stateNumber(state) })) {
      const { last } = page;
      if (page.isFull) {
        const next = last && `${(byEnd(state) ? last.ended_at : last.seq) ?? 0}.${last.seq}`;
        return { requests: page.requests, next };
      }
      page.take(row);
    }
    return { requests: page.requests, next: undefined };
  }

  #toBeRetried(page: Page, { service, after }: ListQuery): ListPage {
    const { dueAt, seq, ...turn } = parseTurn(after) ?? { service: '', dueAt: -1, seq: -1 };
    const rows =
      service === undefined
        ? this.#retrying.iterate({ service: turn.service, dueAt, seq })
        : this.#retryingOf.iterate({ service, dueAt, seq });
    for (const row of rows) {
      if (page.isFull) return { requests: page.requests, next: page.last && formatTurn(turnOf(page.last)) };
      page.take(row);
    }
    return { requests: page.requests, next: undefined };
  }

  /** Service after service, in each the highest priority first: a few rows at a time. */
  #inTurn(page: Page, query: ListQuery, state: 'scheduled' | 'due', now: number): ListPage {
    const from = state === 'due' ? -1 : now;
    const to = state === 'due' ? now : Number.MAX_SAFE_INTEGER;
    const start = (service: string): Turn => ({
      service,
      priority: PRIORITY_MAX,
      dueAt: from,
      seq: LAST_SEQ,
    });
    const first = query.service ?? this.#nextService.get('')?.service;
    let turn = parseTurn(query.after) ?? (first === undefined ? undefined : start(first));
    while (turn) {
      if (page.isFull) return { requests: page.requests, next: formatTurn(turn) };
      const max = SEARCH_ROWS_MAX - page.looked;
      const rows = this.#turns.all({ ...turn, to, max: Math.min(max, query.limit) });
      for (const row of rows) {
        if (page.isFull) break;
        page.take(row);
        turn = turnOf(row);
      }
      page.looked++;
      if (rows.length > 0) continue;
      if (turn.priority > 0) turn = { ...start(turn.service), priority: turn.priority - 1 };
      else {
        const next = query.service === undefined ? this.#nextService.get(turn.service) : undefined;
        turn = next && start(next.service);
      }
    }
    return { requests: page.requests, next: undefined };
  }

  /** What waits, by service. */
  backlog(now: number): Backlog[] {
    return this.#waiting.all(BACKLOG_SERVICES_MAX).map(({ service }) => {
      let due = 0;
      let oldestDueAt = Infinity;
      for (let priority = PRIORITY_MAX; priority >= 0; priority--) {
        const found = this.#due.get(service, priority, now, BACKLOG_MAX - due);
        due += found?.count ?? 0;
        oldestDueAt = Math.min(oldestDueAt, found?.first ?? Infinity);
      }
      return toBacklog(service, {
        due,
        oldestDueAt: oldestDueAt === Infinity ? null : oldestDueAt,
        retrying: this.#tried.get(service, Number.MAX_SAFE_INTEGER, BACKLOG_MAX)?.count ?? 0,
        retryingDue: this.#tried.get(service, now, BACKLOG_MAX)?.count ?? 0,
      });
    });
  }
}

/** After every row of one due time. */
const LAST_SEQ = Number.MAX_SAFE_INTEGER;

const turnOf = ({ service, priority, due_at, seq }: Row): Turn => ({ service, priority, dueAt: due_at, seq });
