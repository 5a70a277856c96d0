import { isMajordomoError, type Protocol } from '@majordomo/protocol';
import { trimmed } from '../format';
import { askOne, type Ask } from '../mmi/ask';
import { look, ok, wrong, type Finding } from './finding';
import type { Means } from './means';

/** The dialects, the best first. */
const DIALECTS = ['packed', 'mdp/0.2', 'mdp/0.1'] as const satisfies readonly Protocol[];

export type Dialect = (typeof DIALECTS)[number];

/** Questions that the round trip is the middle of. */
const QUESTIONS = 9;
/** A round trip that takes longer has something in its way, in ms. */
const SLOW_MS = 50;

/** What a broker answers to in each dialect. */
export interface Spoken {
  readonly answering: readonly { readonly protocol: Dialect; readonly ms: number }[];
  readonly silent: readonly Dialect[];
  /** What it said where the policy does not even let a packed client ask who it is. */
  readonly refusal: string | undefined;
}

/** Asks `mmi.service`, which every broker with RFC 8 has, in each dialect. */
export async function askDialects(endpoint: string, { timeoutMs, curve }: Means): Promise<Spoken> {
  const tries = await Promise.all(
    DIALECTS.map(async (protocol) => ({
      protocol,
      outcome: await askOne(endpoint, { protocol, timeoutMs }, curve, roundTripMs),
    })),
  );
  const refused = tries.find(({ outcome }) => !outcome.ok && outcome.code === 'UNAUTHORIZED')?.outcome;
  return {
    answering: tries.flatMap(({ protocol, outcome }) =>
      outcome.ok ? [{ protocol, ms: outcome.value }] : [],
    ),
    silent: tries.filter(({ outcome }) => !outcome.ok).map(({ protocol }) => protocol),
    refusal: refused && !refused.ok ? refused.message : undefined,
  };
}

/**
 * What is to be said of the dialects that a broker answers to, and of how fast the best of them is.
 * @param hasPolicy - true where the broker is known to hold its peers to a policy
 */
export function examineDialects({ answering, silent }: Spoken, hasPolicy: boolean): Finding[] {
  const [best] = answering;
  if (!best) {
    return [
      wrong(
        'dialects',
        'it answers mmi.service in none of packed, mdp/0.2, mdp/0.1',
        'it is no Majordomo broker, or one without RFC 8; or, of another make, may not be asked by just anybody',
      ),
    ];
  }
  const spoken = `it answers in ${answering.map(({ protocol }) => protocol).join(', ')}`;
  const speedOfBest = speed(best.protocol, best.ms);
  if (silent.length === 0) return [ok('dialects', spoken), speedOfBest];
  const says = `${spoken}, and not in ${silent.join(', ')}`;
  if (hasPolicy && best.protocol === 'packed') {
    const why = 'plain peers can prove no key, and its policy does not let those ask here';
    return [ok('dialects', `${says}: ${why}`), speedOfBest];
  }
  return [
    look(
      'dialects',
      says,
      'a broker of another make speaks plain dialects only: give clients and workers --protocol, and they need not ask',
    ),
    speedOfBest,
  ];
}

function speed(protocol: Dialect, ms: number): Finding {
  const says = `${trimmed(ms)} ms over ${protocol}, the middle of ${QUESTIONS}`;
  if (ms <= SLOW_MS) return ok('round trip', says);
  return look('round trip', says, 'look at the load of the broker and of the network: majordomo top');
}

/** The first question also opens the connection, and is not counted. */
async function roundTripMs(ask: Ask): Promise<number> {
  const question = await allowed(ask);
  const times: number[] = [];
  for (let n = 0; n < QUESTIONS; n++) {
    const askedAt = performance.now();
    await ask(question, '');
    times.push(performance.now() - askedAt);
  }
  return times.sort((left, right) => left - right)[Math.floor(QUESTIONS / 2)] ?? 0;
}

/** A question that may be asked; a broker of ours answers `mmi.access` to who may do anything at all. */
async function allowed(ask: Ask): Promise<string> {
  try {
    await ask('mmi.service', '');
    return 'mmi.service';
  } catch (error) {
    if (!isMajordomoError(error, 'UNAUTHORIZED')) throw error;
    await ask('mmi.access', '');
    return 'mmi.access';
  }
}
