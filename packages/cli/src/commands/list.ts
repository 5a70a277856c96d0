import type { TitanicClient } from '@majordomo/titanic';
import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { requestColumns } from '../durable/columns';
import { countColumns, countsByService } from '../durable/counts';
import { collect } from '../durable/pages';
import { defined } from '../durable/submission';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { table } from '../format';
import { complain } from '../output';
import type { ReachSetting } from './reach-settings';

type ListInvocation = Invocation<
  ReachSetting | 'state' | 'service' | 'search' | 'limit' | 'after' | 'counts'
>;

/** `majordomo list`: durable requests, the latest first, or how many there are. */
export async function run({ settings, output }: ListInvocation): Promise<ExitCode> {
  const { state, service, search, limit, after, counts, json } = settings;
  if (counts) return listCounts({ settings, output, args: [] });
  const filter = defined({ state, service, search });
  const page = await askTitanic(settings, (titanic) =>
    collect((part) => titanic.list({ ...filter, ...part }), limit, after),
  );
  if (json) await output.json(page);
  else await output.line(table(requestColumns(Date.now()), page.requests));
  if (!json && page.next !== undefined) complain(`there are more: --after ${page.next}`);
  return EXIT.ok;
}

async function listCounts({ settings, output }: ListInvocation): Promise<ExitCode> {
  const { state, search, after, service: only, json } = settings;
  if (state !== undefined || search !== undefined || after !== undefined) {
    throw new UsageError('--counts goes with --service, and with no other choice');
  }
  const { services } = await askTitanic(settings, (titanic: TitanicClient) => titanic.stats());
  const chosen = services.filter(({ service }) => only === undefined || service === only);
  await (json ? output.json(chosen) : output.line(table(countColumns, countsByService(chosen))));
  return EXIT.ok;
}
