import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { deadColumns } from '../durable/columns';
import { collect } from '../durable/pages';
import { defined } from '../durable/submission';
import { EXIT, type ExitCode } from '../exit';
import { table } from '../format';
import { complain } from '../output';
import type { ReachSetting } from './reach-settings';

type Setting = ReachSetting | 'service' | 'search' | 'limit' | 'after';

/** `majordomo dead list`: dead letters, the latest first. */
export async function run({ settings, output }: Invocation<Setting>): Promise<ExitCode> {
  const { service, search, limit, after, json } = settings;
  const filter = defined({ service, search });
  const page = await askTitanic(settings, (titanic) =>
    collect((part) => titanic.dead.list({ ...filter, ...part }), limit, after),
  );
  if (json) await output.json(page);
  else await output.line(table(deadColumns(Date.now()), page.requests));
  if (!json && page.next !== undefined) complain(`there are more: --after ${page.next}`);
  return EXIT.ok;
}
