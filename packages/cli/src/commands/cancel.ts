import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { forEachId } from '../durable/each';
import { requireIds } from '../durable/ids';
import type { ExitCode } from '../exit';
import type { ReachSetting } from './reach-settings';

/** `majordomo cancel`: takes durable requests back that have not been claimed, schedules too. */
export async function run({ args, settings, output }: Invocation<ReachSetting>): Promise<ExitCode> {
  const ids = requireIds(args);
  return askTitanic(settings, (titanic) =>
    forEachId(ids, async (id) => {
      const status = await titanic.cancel(id);
      await (settings.json ? output.json(status) : output.line(`cancelled ${id}`));
    }),
  );
}
