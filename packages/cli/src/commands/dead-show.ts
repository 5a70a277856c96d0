import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { details } from '../durable/details';
import { requireId } from '../durable/ids';
import { EXIT, type ExitCode } from '../exit';
import { chooseFormat } from '../request/choose-format';
import { renderJson, renderLines, renderRaw } from '../request/render';
import type { ReachSetting } from './reach-settings';

/** `majordomo dead show`: a dead letter with its last error and its body. */
export async function run({ args, settings, output }: Invocation<ReachSetting | 'raw'>): Promise<ExitCode> {
  const id = requireId(args);
  const format = chooseFormat(settings);
  const { status, body } = await askTitanic(settings, (titanic) => titanic.dead.show(id));
  if (format === 'json') await output.json({ ...status, body: renderJson(body) });
  else if (format === 'raw') await output.write(renderRaw(body));
  else {
    await output.line(`${details(status, Date.now())}\n`);
    await output.write(renderLines(body));
  }
  return EXIT.ok;
}
