import { isEnded, type State } from '../core/lifecycle';
import { STEP_ROWS_MAX, type ListQuery, type StoredRequest } from './store';

/** Rows that a search looks at before it says where to go on. */
export const SEARCH_ROWS_MAX = 2 * STEP_ROWS_MAX;

/** True where requests of this state are listed in the order of their end. */
export const byEnd = (state: State | undefined): boolean => state !== undefined && isEnded(state);

/** True for a request that a query asks for. */
export function fits({ id, state, service }: StoredRequest, query: ListQuery): boolean {
  if (query.state !== undefined && state !== query.state) return false;
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
