import { mmiBrokerSchema, mmiServiceSchema, mmiWorkerSchema } from '@majordomo/protocol';
import { z } from 'zod';
import { version } from '../../package.json';
import type { Invocation } from '../command';
import { examineDialects, type Dialect } from '../doctor/dialects';
import type { Means } from '../doctor/means';
import { look, type Finding } from '../doctor/finding';
import { examineState, type BrokerState } from '../doctor/state';
import { examineWay } from '../doctor/way';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { printable } from '../format';
import { askEach, isNotImplemented, readFound, type Ask } from '../mmi/ask';
import type { Output } from '../output';
import { brokerEndpoints } from '../settings/schemas';
import type { CurveSetting } from './curve-settings';

type Setting = 'broker' | 'timeoutMs' | 'json' | CurveSetting;

/** `majordomo doctor`: what is wrong with a broker or the way to it, and what to do. */
export async function run({ args: [named], settings, output }: Invocation<Setting>): Promise<ExitCode> {
  const endpoints = named === undefined ? settings.broker : [requireEndpoint(named)];
  const examined: { broker: string; findings: Finding[] }[] = [];
  for (const broker of endpoints) examined.push({ broker, findings: await examine(broker, settings) });
  if (settings.json) await output.json(examined);
  else for (const { findings } of examined) await print(findings, output);
  const sick = examined.some(({ findings }) => findings.some(({ verdict }) => verdict === 'wrong'));
  return sick ? EXIT.failure : EXIT.ok;
}

function requireEndpoint(text: string): string {
  const parsed = brokerEndpoints.safeParse(text);
  const [endpoint] = parsed.data ?? [];
  if (endpoint !== undefined) return endpoint;
  throw new UsageError(`the endpoint ${parsed.error?.issues[0]?.message}, got ${JSON.stringify(text)}`);
}

/** Each look needs that the one before has found something. */
async function examine(endpoint: string, means: Means): Promise<Finding[]> {
  const way = await examineWay(endpoint, means.timeoutMs);
  if (way.verdict === 'wrong') return [way];
  const { findings, best } = await examineDialects(endpoint, means);
  const inner = best ? await examineInside(endpoint, best, means) : [];
  return [way, ...findings, ...inner];
}

async function examineInside(broker: string, protocol: Dialect, means: Means): Promise<Finding[]> {
  const [outcome] = await askEach({ ...means, broker: [broker], protocol }, askAll);
  if (!outcome?.ok) {
    const why = outcome?.message ?? 'no answer';
    return [look('broker', `it does not tell of itself: ${why}`, 'look at its log')];
  }
  if (outcome.value) return examineState(outcome.value, version);
  return [
    look('broker', 'it is of another make: mmi.broker is not known to it', 'nothing more can be asked of it'),
  ];
}

async function askAll(ask: Ask): Promise<BrokerState | undefined> {
  const reply = await ask('mmi.broker', '');
  if (isNotImplemented(reply)) return undefined;
  return {
    broker: readFound('mmi.broker', '', reply, mmiBrokerSchema),
    services: readFound('mmi.services', '', await ask('mmi.services', ''), z.array(mmiServiceSchema)),
    workers: readFound('mmi.workers', '', await ask('mmi.workers', ''), z.array(mmiWorkerSchema)),
  };
}

const MARKS = { ok: 'ok   ', look: 'look ', wrong: 'WRONG' } as const;
const ABOUT_WIDTH = 12;

async function print(findings: readonly Finding[], output: Output): Promise<void> {
  for (const { about, verdict, says, advice } of findings) {
    await output.line(`${MARKS[verdict]}  ${about.padEnd(ABOUT_WIDTH)}${printable(says)}`);
    if (advice !== undefined)
      await output.line(`${' '.repeat(MARKS.ok.length + 2 + ABOUT_WIDTH)}→ ${advice}`);
  }
}
