import { mmiBrokerSchema, mmiServiceSchema, mmiWorkerSchema } from '@majordomo/protocol';
import { z } from 'zod';
import { version } from '../../package.json';
import type { Invocation } from '../command';
import { askDialects, examineDialects, type Dialect } from '../doctor/dialects';
import { look, type Finding } from '../doctor/finding';
import type { Means } from '../doctor/means';
import { askRights, examineRights, refused, type Admitted } from '../doctor/rights';
import { examineSecurity } from '../doctor/security';
import { examineState, type BrokerState } from '../doctor/state';
import { examineWay } from '../doctor/way';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { printable } from '../format';
import { askOne, isNotImplemented, readFound, type Ask, type Outcome } from '../mmi/ask';
import type { Output } from '../output';
import { curveOf } from '../security';
import { brokerEndpoints } from '../settings/schemas';
import type { CurveSetting } from './curve-settings';

type Setting = 'broker' | 'timeoutMs' | 'service' | 'json' | CurveSetting;

/** `majordomo doctor`: what is wrong with a broker or the way to it, and what to do. */
export async function run({ args: [named], settings, output }: Invocation<Setting>): Promise<ExitCode> {
  const endpoints = named === undefined ? settings.broker : [requireEndpoint(named)];
  const { timeoutMs, service } = settings;
  const means = { timeoutMs, service, curve: await curveOf(settings) };
  const examined: { broker: string; findings: Finding[] }[] = [];
  for (const broker of endpoints) examined.push({ broker, findings: await examine(broker, means) });
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
  const security = await examineSecurity(endpoint, means);
  if (security.verdict === 'wrong') return [way, security];
  const spoken = await askDialects(endpoint, means);
  const [best] = spoken.answering;
  if (!best && spoken.refusal !== undefined) return [way, security, refused(spoken.refusal)];
  const inner = best ? await askInside(endpoint, best.protocol, means) : undefined;
  const admitted = inner?.ok ? inner.value.admitted : undefined;
  return [
    way,
    security,
    ...examineDialects(spoken, admitted?.access.policy ?? false),
    ...(admitted ? examineRights(admitted, means) : []),
    ...(inner ? examineInside(inner) : []),
  ];
}

/** What a broker that answers tells: who we are to it, and how it is. */
interface Told {
  readonly admitted: Admitted | undefined;
  /** `undefined` where it is of another make. */
  readonly state: BrokerState | undefined;
  /** True where it would tell of itself, and not to us. */
  readonly isClosed: boolean;
}

function askInside(endpoint: string, protocol: Dialect, means: Means): Promise<Outcome<Told>> {
  return askOne(endpoint, { protocol, timeoutMs: means.timeoutMs }, means.curve, async (ask) => {
    const admitted = await askRights(ask, means.service);
    const mmi = admitted?.access.mmi;
    const isClosed = mmi !== undefined && !mmi.includes('mmi.broker');
    return { admitted, isClosed, state: isClosed ? undefined : await askState(ask, mmi) };
  });
}

/** @param mmi - what may be asked; `undefined` where that is not known */
async function askState(ask: Ask, mmi: readonly string[] | undefined): Promise<BrokerState | undefined> {
  const reply = await ask('mmi.broker', '');
  if (isNotImplemented(reply)) return undefined;
  const list = async <Schema extends z.ZodType>(name: string, schema: Schema) =>
    mmi?.includes(name) === false ? undefined : readFound(name, '', await ask(name, ''), z.array(schema));
  return {
    broker: readFound('mmi.broker', '', reply, mmiBrokerSchema),
    services: await list('mmi.services', mmiServiceSchema),
    workers: await list('mmi.workers', mmiWorkerSchema),
  };
}

function examineInside(told: Outcome<Told>): Finding[] {
  if (!told.ok) return [look('broker', `it does not tell of itself: ${told.message}`, 'look at its log')];
  const { isClosed, state } = told.value;
  if (isClosed) return [];
  if (state) return examineState(state, version);
  return [
    look('broker', 'it is of another make: mmi.broker is not known to it', 'nothing more can be asked of it'),
  ];
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
