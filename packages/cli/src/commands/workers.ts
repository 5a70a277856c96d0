import { mmiWorkerSchema, type MmiWorker } from '@majordomo/protocol';
import { z } from 'zod';
import type { Invocation } from '../command';
import type { ExitCode } from '../exit';
import type { CurveSetting } from './curve-settings';
import { duration, trimmed, type Column } from '../format';
import { askEach, readFound } from '../mmi/ask';
import { reportLists } from '../mmi/report';

const SERVICE = 'mmi.workers';

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
export async function run({
  args: [only = ''],
  settings,
  output,
}: Invocation<'broker' | 'protocol' | 'timeoutMs' | 'json' | CurveSetting>): Promise<ExitCode> {
  const outcomes = await askEach(settings, async (ask) =>
    readFound(SERVICE, only, await ask(SERVICE, only), z.array(mmiWorkerSchema)),
  );
  return reportLists(outcomes, COLUMNS, settings.json, output);
}
