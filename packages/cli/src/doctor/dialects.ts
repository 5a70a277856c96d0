import type { Protocol } from '@majordomo/protocol';
import { trimmed } from '../format';
import { askEach, type Ask } from '../mmi/ask';
import { look, ok, wrong, type Finding } from './finding';
import type { Means } from './means';

/** The dialects, the best first. */
const DIALECTS = ['packed', 'mdp/0.2', 'mdp/0.1'] as const satisfies readonly Protocol[];

export type Dialect = (typeof DIALECTS)[number];

/** Questions that the round trip is the middle of. */
const QUESTIONS = 9;
/** A round trip that takes longer has something in its way, in ms. */
const SLOW_MS = 50;

/** Which dialects answer, and how fast the best of them does. */
export interface Spoken {
  readonly findings: readonly Finding[];
  readonly best: Dialect | undefined;
}

/** Asks `mmi.service`, which every broker with RFC 8 has, in each dialect. */
export async function examineDialects(endpoint: string, means: Means): Promise<Spoken> {
  const tries = await Promise.all(
    DIALECTS.map(async (protocol) => {
      const [outcome] = await askEach({ ...means, broker: [endpoint], protocol }, roundTripMs);
      return { protocol, ms: outcome?.ok ? outcome.value : undefined };
    }),
  );
  const answering = tries.filter(({ ms }) => ms !== undefined);
  const silent = tries.filter(({ ms }) => ms === undefined).map(({ protocol }) => protocol);
  const [best] = answering;
  if (!best) {
    return {
      findings: [
        wrong(
          'dialects',
          'it answers mmi.service in none of packed, mdp/0.2, mdp/0.1',
          'it is no Majordomo broker, or one without RFC 8; or it only takes peers with a key',
        ),
      ],
      best: undefined,
    };
  }
  const spoken = answering.map(({ protocol }) => protocol).join(', ');
  return {
    findings: [
      silent.length === 0
        ? ok('dialects', `it answers in ${spoken}`)
        : look(
            'dialects',
            `it answers in ${spoken}, and not in ${silent.join(', ')}`,
            'a broker of another make speaks plain dialects only: give clients and workers --protocol, and they need not ask',
          ),
      speed(best.protocol, best.ms ?? 0),
    ],
    best: best.protocol,
  };
}

function speed(protocol: Dialect, ms: number): Finding {
  const says = `${trimmed(ms)} ms over ${protocol}, the middle of ${QUESTIONS}`;
  if (ms <= SLOW_MS) return ok('round trip', says);
  return look('round trip', says, 'look at the load of the broker and of the network: majordomo top');
}

/** The first question also opens the connection, and is not counted. */
async function roundTripMs(ask: Ask): Promise<number> {
  await ask('mmi.service', 'mmi.service');
  const times: number[] = [];
  for (let n = 0; n < QUESTIONS; n++) {
    const askedAt = performance.now();
    await ask('mmi.service', 'mmi.service');
    times.push(performance.now() - askedAt);
  }
  return times.sort((left, right) => left - right)[Math.floor(QUESTIONS / 2)] ?? 0;
}
