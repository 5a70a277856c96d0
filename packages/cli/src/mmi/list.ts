import { z } from 'zod';
import type { Invocation } from '../command';
import type { CurveSetting } from '../commands/curve-settings';
import type { ExitCode } from '../exit';
import type { Column } from '../format';
import { askEach, readFound } from './ask';
import { reportLists } from './report';

/** What a command that lists is run with. */
export type ListInvocation = Invocation<'broker' | 'protocol' | 'timeoutMs' | 'json' | CurveSetting>;

/**
 * Shows what a management service of each broker lists: of all services, or of the one that is named.
 * @param service - such as `mmi.services`
 */
export async function showList<Item extends object>(
  { args: [only = ''], settings, output }: ListInvocation,
  service: string,
  item: z.ZodType<Item>,
  columns: readonly Column<Item>[],
): Promise<ExitCode> {
  const outcomes = await askEach(settings, async (ask) =>
    readFound(service, only, await ask(service, only), z.array(item)),
  );
  return reportLists(outcomes, columns, settings.json, output);
}
