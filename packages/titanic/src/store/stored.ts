import { stateOf } from '../core/lifecycle';
import type { StoredRequest } from './store';

/** What a row says of a request, without its id, which stores keep each in their way, and what may be large. */
export interface StoredColumns {
  readonly state: number;
  readonly service: string;
  readonly priority: number;
  readonly due_at: number;
  readonly expires_at: number | null;
  readonly submitted_at: number;
  readonly ended_at: number | null;
  readonly attempts: number;
  readonly bytes: number;
  readonly owner: string | null;
  readonly terms: string | null;
  readonly error: string | null;
}

/** All of these columns, behind the place of the row and the id. */
export const STORED_COLUMNS =
  'seq, id, state, service, priority, due_at, expires_at, submitted_at, ended_at, attempts, bytes, owner, terms, error';

/** A row as it is spoken of. */
export function storedOf(id: string, row: StoredColumns): StoredRequest {
  return {
    id,
    state: stateOf(row.state),
    service: row.service,
    priority: row.priority,
    dueAt: row.due_at,
    expiresAt: row.expires_at ?? undefined,
    submittedAt: row.submitted_at,
    endedAt: row.ended_at ?? undefined,
    attempts: row.attempts,
    bytes: row.bytes,
    owner: row.owner ?? undefined,
    terms: row.terms ?? undefined,
    error: row.error ?? undefined,
  };
}
