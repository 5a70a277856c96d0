import { mmiWorkerSchema, type MmiWorker } from '@majordomo/protocol';
import type { ExitCode } from '../exit';
import { duration, trimmed, type Column } from '../format';
import { showList, type ListInvocation } from '../mmi/list';

const COLUMNS: readonly Column<MmiWorker>[] = [
  { title: 'SERVICE', show: ({ service }) => service },
  { title: 'PEER', show: ({ peer }) => peer },
  { title: 'DIALECT', show: ({ dialect }) => dialect },
  {
    title: 'IN HAND',
    align: 'right',
    show: ({ inFlight, credit }) => `${trimmed(inFlight)} of ${trimmed(credit)}`,
  },
  { title: 'REGISTERED', align: 'right', show: ({ registeredMs }) => duration(registeredMs) },
  { title: 'SILENT', align: 'right', show: ({ silentMs }) => duration(silentMs) },
];

/** `majordomo workers`: who is registered with each broker. */
export function run(invocation: ListInvocation): Promise<ExitCode> {
  return showList(invocation, 'mmi.workers', mmiWorkerSchema, COLUMNS);
}
