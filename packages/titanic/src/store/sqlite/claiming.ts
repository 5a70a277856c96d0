import type Database from 'better-sqlite3';
import { PRIORITY_MAX } from '@majordomo/protocol';
import { afterClaim, allowance, departuresOf, isCounted, type Pace } from '../../core/pace';
import { LEASE_LOST } from '../ending';
import { LEASE_MS_MAX, STEP_ROWS_MAX, type Claimed, type ClaimOrder, type Claims } from '../store';
import { idText, type Room } from './room';
import { BLOB } from './schema';

interface DueRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly token: number;
  readonly attempts: number;
  readonly service: string;
  readonly priority: number;
  readonly due_at: number;
  readonly expires_at: number | null;
  readonly submitted_at: number;
  readonly bytes: number;
  readonly terms: string | null;
  readonly error: string | null;
  readonly body: Uint8Array | null;
}

interface OverRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly service: string;
  readonly bytes: number;
}

/** One claim, as far as it has come. */
class Round {
  readonly claimed: Claimed[] = [];
  readonly served = new Set<string>();
  /** When there may be more of each service that had something due. */
  readonly moreAt = new Map<string, number>();
  readonly held = new Set<string>();
  bytesLeft: number;

  constructor(
    readonly order: ClaimOrder,
    readonly now: number,
  ) {
    this.bytesLeft = order.bytesMax;
  }

  /** Requests that may still be claimed. */
  get left(): number {
    return this.bytesLeft > 0 ? this.order.max - this.claimed.length : 0;
  }

  paceOf(service: string): Pace | undefined {
    return this.order.paces.get(service) ?? this.order.pace;
  }
}

/** Claims what is due. */
export class Claiming {
  readonly #room: Room;
  readonly #due: Database.Statement<[string, number, number, number, number], DueRow>;
  readonly #claim: Database.Statement<[number, string, number]>;
  readonly #blob: Database.Statement<[number], { data: Uint8Array }>;
  readonly #outlived: Database.Statement<[number, number], OverRow>;
  readonly #expire: Database.Statement<[number, number]>;
  readonly #lost: Database.Statement<[number, number, number], OverRow & { due_at: number }>;
  readonly #giveBack: Database.Statement<[string, number]>;
  readonly #nextExpiry: Database.Statement<[], { at: number | null }>;
  readonly #nextLease: Database.Statement<[], { at: number | null }>;

  constructor(room: Room) {
    const { db } = room;
    this.#room = room;
    this.#due = db.prepare(
      `SELECT seq, id, token, attempts, service, priority, due_at, expires_at, submitted_at, bytes, terms, error, body
       FROM requests WHERE state = 0 AND service = ? AND priority = ? AND due_at <= ?
       AND (expires_at IS NULL OR expires_at > ?) ORDER BY due_at, seq LIMIT ?`,
    );
    this.#claim = db.prepare(
      'UPDATE requests SET state = 1, token = token + 1, attempts = attempts + 1, lease_until = ?, owner = ? WHERE seq = ?',
    );
    this.#blob = db.prepare('SELECT data FROM blobs WHERE key = ?');
    this.#outlived = db.prepare(
      'SELECT seq, id, service, bytes FROM requests WHERE state = 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?',
    );
    this.#expire = db.prepare('UPDATE requests SET state = 4, ended_at = ? WHERE seq = ?');
    this.#lost = db.prepare(
      `SELECT seq, id, service, bytes, due_at FROM requests
       WHERE state = 1 AND (lease_until <= ? OR lease_until > ?) LIMIT ?`,
    );
    this.#giveBack = db.prepare(
      'UPDATE requests SET state = 0, lease_until = NULL, owner = NULL, error = ? WHERE seq = ?',
    );
    this.#nextExpiry = db.prepare(
      'SELECT min(expires_at) AS at FROM requests WHERE state = 0 AND expires_at IS NOT NULL',
    );
    this.#nextLease = db.prepare('SELECT min(lease_until) AS at FROM requests WHERE state = 1');
  }

  claim(order: ClaimOrder, now: number): Claims {
    const expired = this.#expireOutlived(now);
    const regained = this.#takeBackLost(now);
    const round = new Round(order, now);
    const due = this.#room.dueServices.due(now);
    for (const service of due) round.moreAt.set(service, now);
    // A fair share each, then what others left.
    for (const [index, service] of due.entries()) {
      if (round.left > 0) this.#serve(round, service, Math.ceil(round.left / (due.length - index)));
    }
    for (const service of round.moreAt.keys()) if (round.left > 0) this.#serve(round, service, round.left);
    this.#room.dueServices.served(round.served);
    return {
      claimed: round.claimed,
      nextAt: this.#nextAt(round),
      isEndAwaited: round.left <= 0 || [...round.moreAt.values()].includes(Infinity),
      expired,
      regained,
      held: [...round.held],
    };
  }

  /** Claims up to `share` requests of one service, as its pace allows, and notes when there may be more. */
  #serve(round: Round, service: string, share: number): void {
    const { now } = round;
    const { paces, dueServices, ledger } = this.#room;
    const pace = round.paceOf(service);
    const state = paces.get(service);
    const running = isCounted(pace, state) ? ledger.count(service, 'running') : 0;
    const allowed = allowance(pace, state, running, now, round.order.aheadMs);
    const wanted = Math.min(share, allowed.count);
    const count = this.#take(round, service, wanted, departuresOf(pace, state, now));
    if (count > 0) round.served.add(service);
    if (count > 0 && pace?.perSecond !== undefined) paces.put(service, afterClaim(pace, state, count, now));
    if (count < wanted && round.left > 0) {
      dueServices.look(service);
      round.moreAt.delete(service);
    } else if (count === allowed.count) {
      round.moreAt.set(service, allowed.nextAt);
      if (allowed.count < share) round.held.add(service);
    }
  }

  /** Claims up to so many of one service, in their order; `leavesAt` by their place in it. */
  #take(round: Round, service: string, max: number, leavesAt: (place: number) => number): number {
    const { now, order } = round;
    let count = 0;
    for (let priority = PRIORITY_MAX; priority >= 0 && count < max; priority--) {
      for (const row of this.#due.all(service, priority, now, now, max - count)) {
        if (round.left <= 0) return count;
        this.#claim.run(now + order.leaseMs, order.owner, row.seq);
        this.#room.ledger.moved(service, 'waiting', 'running', row.bytes);
        round.claimed.push(this.#toClaimed(row, leavesAt(count)));
        round.bytesLeft -= row.bytes;
        count++;
      }
    }
    return count;
  }

  #toClaimed(row: DueRow, leavesAt: number): Claimed {
    return {
      id: idText(row.id),
      token: row.token + 1,
      service: row.service,
      body: row.body ?? this.#blob.get(row.seq * BLOB.kinds + BLOB.body)?.data ?? new Uint8Array(4),
      priority: row.priority,
      dueAt: row.due_at,
      expiresAt: row.expires_at ?? undefined,
      submittedAt: row.submitted_at,
      attempts: row.attempts + 1,
      terms: row.terms ?? undefined,
      error: row.error ?? undefined,
      leavesAt,
    };
  }

  /** @returns their services */
  #expireOutlived(now: number): string[] {
    return this.#outlived.all(now, STEP_ROWS_MAX).map(({ seq, id, service, bytes }) => {
      this.#expire.run(now, seq);
      this.#room.ledger.moved(service, 'waiting', 'expired', bytes);
      this.#room.ended.push(idText(id));
      return service;
    });
  }

  /** @returns their services */
  #takeBackLost(now: number): string[] {
    const lost = this.#lost.all(now, now + LEASE_MS_MAX, STEP_ROWS_MAX);
    return lost.map(({ seq, service, bytes, due_at }) => {
      this.#giveBack.run(LEASE_LOST, seq);
      this.#room.ledger.moved(service, 'running', 'waiting', bytes);
      this.#room.dueServices.note(service, due_at);
      return service;
    });
  }

  #nextAt({ now, moreAt }: Round): number {
    return Math.min(
      ...moreAt.values(),
      this.#room.dueServices.nextAfter(now),
      this.#nextExpiry.get()?.at ?? Infinity,
      this.#nextLease.get()?.at ?? Infinity,
    );
  }
}
