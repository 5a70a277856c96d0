import { Client } from '@majordomo/client';
import { requireServiceName } from '@majordomo/protocol';
import type { Invocation } from '../command';
import { UsageError, type ExitCode } from '../exit';
import { readBody } from '../request/body';
import { chooseFormat } from '../request/choose-format';
import { startProgress } from '../request/progress';
import { curveOf } from '../security';
import type { CurveSetting } from './curve-settings';
import { sendMany } from '../request/send-many';
import { sendOne, type Call } from '../request/send-one';
import { exitCodeOfLoad, renderSummary } from '../request/summary';

type RequestInvocation = Invocation<
  | 'broker'
  | 'timeoutMs'
  | 'retries'
  | 'priority'
  | 'failFast'
  | 'protocol'
  | 'count'
  | 'concurrency'
  | 'raw'
  | 'json'
  | CurveSetting
>;

/** `majordomo request`: one request and its replies, or many and how they went. */
export async function run({ args, settings, output }: RequestInvocation): Promise<ExitCode> {
  const { broker: brokers, protocol, count, concurrency = 1, json } = settings;
  const { timeoutMs, retries, priority, failFast } = settings;
  if (settings.raw && count !== undefined) throw new UsageError('--raw and --count exclude each other');
  const format = chooseFormat(settings);
  const [name = '', ...texts] = args;
  const service = requireServiceName(name);
  const body = await readBody(texts, process.stdin);
  const call: Call = { service, body, timeoutMs, retries, priority, failFast };
  const curve = await curveOf(settings);
  const client = new Client({ brokers, protocol, curve, socketsMax: concurrency, pendingMax: concurrency });
  try {
    if (count === undefined) return await sendOne(client, call, format, output);
    const progress = startProgress(count);
    const result = await sendMany(client, call, { count, concurrency }, (settled) =>
      progress.update(settled),
    ).finally(() => progress.stop());
    await (json ? output.json(result) : output.line(renderSummary(result)));
    return exitCodeOfLoad(result);
  } finally {
    client.close();
  }
}
