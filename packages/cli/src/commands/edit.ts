import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { details } from '../durable/details';
import { requireId } from '../durable/ids';
import { checkOneWhen, defined, warnOfPast } from '../durable/submission';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { readBody } from '../request/body';
import type { ReachSetting } from './reach-settings';

type EditInvocation = Invocation<
  | ReachSetting
  | 'at'
  | 'in'
  | 'newTtl'
  | 'newPriority'
  | 'attempts'
  | 'attemptTimeout'
  | 'backoffMin'
  | 'backoffMax'
  | 'contentType'
>;

/** `majordomo edit`: changes a durable request that has not been claimed; what is not given stays. */
export async function run({
  args: [id = '', ...texts],
  settings,
  output,
}: EditInvocation): Promise<ExitCode> {
  const request = requireId([id]);
  const { at, in: inMs, newTtl: ttlMs, newPriority: priority, contentType } = settings;
  const { attempts, attemptTimeout: timeoutMs } = settings;
  const { backoffMin: backoffMinMs, backoffMax: backoffMaxMs } = settings;
  checkOneWhen({ at, in: inMs });
  warnOfPast(at);
  const edit = defined({
    at,
    inMs,
    ttlMs,
    priority,
    attempts,
    timeoutMs,
    backoffMinMs,
    backoffMaxMs,
    contentType,
  });
  if (texts.length === 0 && Object.keys(edit).length === 0) {
    throw new UsageError('say what to change: a body, or settings such as --at, --ttl or --priority');
  }
  const body = texts.length === 0 ? undefined : await readBody(texts, process.stdin);
  const status = await askTitanic(settings, (titanic) => titanic.edit(request, edit, body));
  await (settings.json ? output.json(status) : output.line(details(status, Date.now())));
  return EXIT.ok;
}
