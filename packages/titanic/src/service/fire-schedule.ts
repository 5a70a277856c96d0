import { randomBytes } from 'node:crypto';
import { ID_RANDOM_BYTES, makeRequestId } from '../core/request-id';
import { fire } from '../core/schedule';
import { formatTerms, type Terms } from '../core/terms';
import type { Claimed, NewRequest } from '../store/store';
import { occurrencesOf } from './cron';

/** What a schedule that is due adds, and when it fires next. */
export function fireSchedule(
  { id, body, priority, dueAt }: Claimed,
  terms: Terms,
  now: number,
): { readonly requests: NewRequest[]; readonly dueAt: number | undefined } {
  const { cron } = terms;
  if (!cron) return { requests: [], dueAt: undefined };
  const firing = fire(dueAt, now, cron.catchUp, occurrencesOf(cron));
  const requests = firing.dueAt.map((occurrence): NewRequest => ({
    id: makeRequestId(now, randomBytes(ID_RANDOM_BYTES)),
    service: cron.service,
    body,
    priority,
    dueAt: occurrence,
    expiresAt: terms.ttlMs === undefined ? undefined : occurrence + terms.ttlMs,
    terms: formatTerms({ ...terms, cron: undefined, key: undefined, ttlMs: undefined, schedule: id }),
    key: undefined,
  }));
  return { requests, dueAt: firing.nextAt };
}
