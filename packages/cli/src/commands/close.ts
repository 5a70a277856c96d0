import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { forEachId } from '../durable/each';
import { requireIds } from '../durable/ids';
import type { ExitCode } from '../exit';
import type { ReachSetting } from './reach-settings';

/** `majordomo close`: removes durable requests and their replies, whatever their state. */
export async function run({ args, settings, output }: Invocation<ReachSetting>): Promise<ExitCode> {
  const ids = requireIds(args);
  return askTitanic(settings, (titanic) =>
    forEachId(ids, async (id) => {
      await titanic.close(id);
      await (settings.json ? output.json({ id }) : output.line(`closed ${id}`));
    }),
  );
}
