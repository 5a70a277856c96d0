import { mmiBrokerSchema, type MmiBroker } from '@majordomo/protocol';
import type { Invocation } from '../command';
import type { ExitCode } from '../exit';
import type { CurveSetting } from './curve-settings';
import { duration, table, trimmed, type Column } from '../format';
import { askEach, isNotImplemented, readFound, type Ask, type Outcome } from '../mmi/ask';
import { complainOfFailures } from '../mmi/report';

const SERVICE = 'mmi.broker';

/** An answer: how long it took, and what the broker tells of itself, where it is one that does. */
interface Pong {
  readonly roundTripMs: number;
  readonly info: MmiBroker | null;
}

type Answered = Extract<Outcome<Pong>, { ok: true }>;

const COLUMNS: readonly Column<Answered>[] = [
  { title: 'BROKER', show: ({ broker }) => broker },
  { title: 'VERSION', show: ({ value: { info } }) => info?.version ?? 'of another make' },
  { title: 'UP', align: 'right', show: ({ value: { info } }) => (info ? duration(info.uptimeMs) : '-') },
  { title: 'ROUND TRIP', align: 'right', show: ({ value }) => `${trimmed(value.roundTripMs)} ms` },
];

/** `majordomo ping`: whether each broker answers, and how fast. */
export async function run({
  settings,
  output,
}: Invocation<'broker' | 'protocol' | 'timeoutMs' | 'json' | CurveSetting>): Promise<ExitCode> {
  const outcomes = await askEach(settings, pingOne);
  if (settings.json) await output.json(outcomes.map(toJson));
  else {
    const answered = outcomes.filter((outcome) => outcome.ok);
    if (answered.length > 0) await output.line(table(COLUMNS, answered));
  }
  return complainOfFailures(outcomes);
}

/** Asks twice: the first question also opens the connection, the second is the round trip. */
async function pingOne(ask: Ask): Promise<Pong> {
  const reply = await ask(SERVICE, '');
  const info = isNotImplemented(reply) ? null : readFound(SERVICE, '', reply, mmiBrokerSchema);
  const askedAt = performance.now();
  await ask(SERVICE, '');
  return { roundTripMs: Math.round((performance.now() - askedAt) * 1_000) / 1_000, info };
}

function toJson(outcome: Outcome<Pong>): object {
  const { broker, ok } = outcome;
  return ok ? { broker, ok, ...outcome.value } : { broker, ok, message: outcome.message };
}
