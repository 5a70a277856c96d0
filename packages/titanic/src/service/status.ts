import { decodeText } from '@majordomo/protocol';
import { unpackFrames } from '../core/frames';
import { phaseOf } from '../core/lifecycle';
import { parseTerms } from '../core/terms';
import type { StoredRequest, StoredWhole } from '../store/store';
import type { RequestStatus } from './messages';

/** What is told of a request as it stands. */
export function statusOf(request: StoredRequest | StoredWhole, now: number): RequestStatus {
  const terms = parseTerms(request.terms);
  const { service: target, ...cron } = terms.cron ?? { service: request.service };
  const progress = 'progress' in request && request.progress ? unpackFrames(request.progress)[0] : undefined;
  return {
    id: request.id,
    state: phaseOf(request, now),
    service: target,
    priority: request.priority,
    dueAt: request.dueAt,
    expiresAt: request.expiresAt,
    submittedAt: request.submittedAt,
    endedAt: request.endedAt,
    attempts: request.attempts,
    bytes: request.bytes,
    owner: request.owner,
    key: terms.key,
    cron: 'pattern' in cron ? cron : undefined,
    schedule: terms.schedule,
    contentType: terms.contentType,
    replyType: 'replyType' in request ? request.replyType : undefined,
    error: request.error === undefined ? undefined : (JSON.parse(request.error) as RequestStatus['error']),
    progress: progress && decodeText(progress),
  };
}
