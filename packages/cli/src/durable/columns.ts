import type { RequestStatus } from '@majordomo/titanic';
import { trimmed, type Column } from '../format';
import { distance } from './moments';

const NOTE_LENGTH_MAX = 80;

/** What a table of requests shows of each. */
export function requestColumns(now: number): readonly Column<RequestStatus>[] {
  return [
    { title: 'ID', show: ({ id }) => id },
    { title: 'SERVICE', show: ({ service }) => service },
    { title: 'STATE', show: ({ state }) => state },
    { title: 'DUE', align: 'right', show: ({ dueAt }) => distance(dueAt, now) },
    { title: 'TRIES', align: 'right', show: ({ attempts }) => trimmed(attempts) },
    { title: 'PRIORITY', align: 'right', show: ({ priority }) => trimmed(priority) },
    { title: 'NOTE', show: noteOf },
  ];
}

/** What a table of dead letters shows of each. */
export function deadColumns(now: number): readonly Column<RequestStatus>[] {
  return [
    { title: 'ID', show: ({ id }) => id },
    { title: 'SERVICE', show: ({ service }) => service },
    {
      title: 'DIED',
      align: 'right',
      show: ({ endedAt }) => (endedAt === undefined ? '-' : distance(endedAt, now)),
    },
    { title: 'TRIES', align: 'right', show: ({ attempts }) => trimmed(attempts) },
    { title: 'LAST ERROR', show: noteOf },
  ];
}

/** What one would ask next: the pattern of a schedule, why it failed, who has it. */
function noteOf({ cron, error, owner, state }: RequestStatus): string {
  if (cron) return `${cron.pattern} ${cron.timezone}`;
  if (state === 'running' && owner !== undefined) return owner;
  return error ? shortened(`${error.workerCode ?? error.code}: ${error.message}`) : '';
}

function shortened(text: string): string {
  return text.length > NOTE_LENGTH_MAX ? `${text.slice(0, NOTE_LENGTH_MAX - 1)}…` : text;
}
