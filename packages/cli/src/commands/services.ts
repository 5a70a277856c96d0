import { mmiServiceSchema, type MmiService } from '@majordomo/protocol';
import { z } from 'zod';
import type { Invocation } from '../command';
import type { ExitCode } from '../exit';
import type { CurveSetting } from './curve-settings';
import { duration, trimmed, type Column } from '../format';
import { askEach, readFound } from '../mmi/ask';
import { reportLists } from '../mmi/report';

const SERVICE = 'mmi.services';

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
export async function run({
  args: [only = ''],
  settings,
  output,
}: Invocation<'broker' | 'protocol' | 'timeoutMs' | 'json' | CurveSetting>): Promise<ExitCode> {
  const outcomes = await askEach(settings, async (ask) =>
    readFound(SERVICE, only, await ask(SERVICE, only), z.array(mmiServiceSchema)),
  );
  return reportLists(outcomes, COLUMNS, settings.json, output);
}
