import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { requireId } from '../durable/ids';
import { printResult } from '../durable/reply';
import { awaitOutcome } from '../durable/waiting';
import { UsageError, type ExitCode } from '../exit';
import { chooseFormat } from '../request/choose-format';
import type { ReachSetting } from './reach-settings';

/** `majordomo result`: the reply to a durable request, as it stands or once it is there. */
export async function run({
  args,
  settings,
  output,
}: Invocation<ReachSetting | 'wait' | 'waitMax' | 'raw'>): Promise<ExitCode> {
  const id = requireId(args);
  const { wait, waitMax } = settings;
  if (!wait && waitMax !== undefined) throw new UsageError('--wait-max needs --wait');
  const format = chooseFormat(settings);
  const result = await askTitanic(settings, (titanic) =>
    wait ? awaitOutcome(titanic, id, waitMax) : titanic.result(id),
  );
  return printResult(result, format, output);
}
