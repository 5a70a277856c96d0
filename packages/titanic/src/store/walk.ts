import { isEnded, isWaitingPhase, phaseOf, type State, type WaitingPhase } from '../core/lifecycle';
import { parseRequestId } from '../core/request-id';
import { BACKLOG_MAX, STEP_ROWS_MAX, type Backlog, type ListQuery, type StoredRequest } from './store';

/** Rows that a search looks at before it says where to go on. */
export const SEARCH_ROWS_MAX = 2 * STEP_ROWS_MAX;

/** True where requests of this state are listed in the order of their end. */
export const byEnd = (state: State | WaitingPhase | undefined): state is State =>
  state !== undefined && !isWaitingPhase(state) && isEnded(state);

/** True for a request that a query asks for. */
export function fits(request: StoredRequest, query: ListQuery, now: number): boolean {
  const { id, state, service } = request;
  const wanted = query.state;
  if (wanted !== undefined && (isWaitingPhase(wanted) ? phaseOf(request, now) : state) !== wanted)
    return false;
  if (query.idPrefix !== undefined && !id.startsWith(query.idPrefix)) return false;
  if (query.service !== undefined && service !== query.service) return false;
  return query.search === undefined || service.includes(query.search) || id.includes(query.search);
}

/** A place in an order of rows. */
export interface Place {
  readonly at: number;
  readonly seq: number;
}

/** The place that a cursor stands for; without one, the beginning. */
export function parseCursor(cursor: string | undefined): Place {
  const [at, seq] = (cursor ?? '').split('.').map(Number);
  const isPlace = Number.isSafeInteger(at) && Number.isSafeInteger(seq);
  return isPlace ? { at: at!, seq: seq! } : { at: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };
}

/** A place in the order in which requests take their turns: by service, the highest priority first, then by due time. */
export interface Turn {
  readonly service: string;
  readonly priority: number;
  readonly dueAt: number;
  readonly seq: number;
}

const TURN = /^(\d)\.(-?\d{1,16})\.(-?\d{1,16})\.(.*)$/s;

/** The turn that a cursor stands for; `undefined` for the beginning. */
export function parseTurn(cursor: string | undefined): Turn | undefined {
  const [, priority, dueAt, seq, service] = TURN.exec(cursor ?? '') ?? [];
  if (service === undefined) return undefined;
  return { service, priority: Number(priority), dueAt: Number(dueAt), seq: Number(seq) };
}

export const formatTurn = ({ service, priority, dueAt, seq }: Turn): string =>
  `${priority}.${dueAt}.${seq}.${service}`;

/** The ids that begin so, the first and the last of them; the first after a cursor, which is an id. */
export function idRange(
  prefix: string,
  cursor: string | undefined,
): { readonly from: string; readonly to: string; readonly after: string | undefined } {
  return { from: prefix.padEnd(32, '0'), to: prefix.padEnd(32, 'f'), after: parseRequestId(cursor ?? '') };
}

/**
 * The backlog of a service.
 * @param counts - `due` counts all whose time has come; each is counted up to {@link BACKLOG_MAX}
 */
export function toBacklog(
  service: string,
  counts: { due: number; retrying: number; retryingDue: number; oldestDueAt: number | null },
): Backlog {
  const { due, retrying, retryingDue, oldestDueAt } = counts;
  return {
    service,
    due: Math.max(0, Math.min(BACKLOG_MAX, due) - retryingDue),
    retrying,
    oldestDueAt: oldestDueAt ?? undefined,
    isMore: due >= BACKLOG_MAX || retrying >= BACKLOG_MAX,
  };
}
