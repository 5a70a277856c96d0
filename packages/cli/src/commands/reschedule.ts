import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { requireId } from '../durable/ids';
import { distance, moment } from '../durable/moments';
import { checkOneWhen, defined, warnOfPast } from '../durable/submission';
import { EXIT, UsageError, type ExitCode } from '../exit';
import type { ReachSetting } from './reach-settings';

/** `majordomo reschedule`: moves a durable request that has not been claimed. */
export async function run({
  args,
  settings,
  output,
}: Invocation<ReachSetting | 'at' | 'in'>): Promise<ExitCode> {
  const id = requireId(args);
  const { at, in: inMs, json } = settings;
  checkOneWhen({ at, in: inMs });
  if (at === undefined && inMs === undefined) throw new UsageError('say to when: --at TIME, or --in SPAN');
  warnOfPast(at);
  const status = await askTitanic(settings, (titanic) => titanic.reschedule(id, defined({ at, inMs })));
  const { dueAt } = status;
  await (json
    ? output.json(status)
    : output.line(`${id} is due at ${moment(dueAt)} (${distance(dueAt, Date.now())})`));
  return EXIT.ok;
}
