import type { RequestStatus } from '@majordomo/titanic';
import { printable, trimmed } from '../format';
import { distance, moment } from './moments';

const NAME_WIDTH = 14;

/** All that is known of a request, a line each. */
export function details(status: RequestStatus, now: number): string {
  const at = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : `${moment(ms)} (${distance(ms, now)})`;
  const { error, cron } = status;
  const facts: [name: string, fact: string | undefined][] = [
    ['id', status.id],
    ['service', status.service],
    ['state', status.state],
    ['due', at(status.dueAt)],
    ['expires', at(status.expiresAt)],
    ['submitted', at(status.submittedAt)],
    ['ended', at(status.endedAt)],
    ['tries', trimmed(status.attempts)],
    ['priority', trimmed(status.priority)],
    ['bytes', trimmed(status.bytes)],
    ['in hand of', status.owner],
    ['key', status.key],
    ['schedule', cron && `${cron.pattern} ${cron.timezone}${cron.catchUp ? ', catching up' : ''}`],
    ['made by', status.schedule],
    ['content type', status.contentType],
    ['reply type', status.replyType],
    ['progress', status.progress],
    ['last error', error && `${error.workerCode ?? error.code}: ${error.message}`],
  ];
  return facts
    .flatMap(([name, fact]) => (fact === undefined ? [] : [`${name.padEnd(NAME_WIDTH)}${printable(fact)}`]))
    .join('\n');
}
