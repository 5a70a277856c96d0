import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { details } from '../durable/details';
import { forEachId } from '../durable/each';
import { requireIds } from '../durable/ids';
import type { ExitCode } from '../exit';
import type { ReachSetting } from './reach-settings';

/** `majordomo status`: what is known of durable requests, one after the other. */
export async function run({ args, settings, output }: Invocation<ReachSetting>): Promise<ExitCode> {
  const ids = requireIds(args);
  let isFirst = true;
  return askTitanic(settings, (titanic) =>
    forEachId(ids, async (id) => {
      const status = await titanic.status(id);
      if (settings.json) await output.json(status);
      else await output.line(`${isFirst ? '' : '\n'}${details(status, Date.now())}`);
      isFirst = false;
    }),
  );
}
