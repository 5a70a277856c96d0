import { mmiServiceSchema, type MmiService } from '@majordomo/protocol';
import type { ExitCode } from '../exit';
import { duration, trimmed, type Column } from '../format';
import { showList, type ListInvocation } from '../mmi/list';

const COLUMNS: readonly Column<MmiService>[] = [
  { title: 'SERVICE', show: ({ service }) => service },
  { title: 'WORKERS', align: 'right', show: ({ workers }) => trimmed(workers) },
  { title: 'IDLE', align: 'right', show: ({ idle }) => trimmed(idle) },
  { title: 'BUSY', align: 'right', show: ({ busy }) => trimmed(busy) },
  { title: 'QUEUED', align: 'right', show: ({ queued }) => trimmed(queued) },
  {
    title: 'OLDEST',
    align: 'right',
    show: ({ queued, oldestWaitingMs }) => (queued > 0 ? duration(oldestWaitingMs) : '-'),
  },
];

/** `majordomo services`: what each broker knows of its services. */
export function run(invocation: ListInvocation): Promise<ExitCode> {
  return showList(invocation, 'mmi.services', mmiServiceSchema, COLUMNS);
}
