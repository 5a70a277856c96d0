import { Random } from '../random';
import type { Victim } from './ledger';
import { MOMENTS, RUN_STEPS, STORE_CALLS, type Death } from './parts/messages';

/** A SIGKILL that is to come. */
export interface PlannedKill {
  /** How long after the one before, in ms; after the one before is back, unless it is to be away at the same time. */
  readonly afterMs: number;
  readonly isTogether: boolean;
  /** How many requests are submitted in between at the least, as a part of what it is on average, from 0 up to 2. */
  readonly afterPart: number;
  readonly victim: Victim;
  /** Which of its kind, from 0 up to 1. */
  readonly which: number;
  /** Where in its work it is to die; undefined for wherever it is. */
  readonly death: Death | undefined;
  /** How long it stays away, in ms. */
  readonly awayMs: number;
}

/** How kills are drawn. */
export interface KillRules {
  /** How often each is the victim, beside the others. */
  readonly weights: Readonly<Partial<Record<Victim, number>>>;
  /** Between two kills, in ms, beside the requests that are submitted in between. */
  readonly gapMs: readonly [min: number, max: number];
}

/** How many such calls a victim outlives at the most before it dies in one. */
const SPARED_MAX = 20;
/** How far into a call it gets that it dies in, in ms. */
const DURING_MS_MAX = 4;
const AWAY_MS_MAX = 600;
/** How often a kill does not wait until all are back: whatever a machine has time for, there is work in between. */
const TOGETHER = 0.25;

/** The kills of a run, one after another, without end, all of it from the seed. */
export function* killsOf(seed: number, { weights, gapMs }: KillRules): Generator<PlannedKill, never> {
  const random = new Random(`kills ${seed}`);
  for (;;) {
    const victim = random.weighted(weights as Record<Victim, number>);
    yield {
      afterMs: random.between(...gapMs),
      isTogether: random.next() < TOGETHER,
      afterPart: 2 * random.next(),
      victim,
      which: random.next(),
      death: random.next() < 0.3 ? undefined : drawDeath(victim, random),
      awayMs: random.between(0, AWAY_MS_MAX),
    };
  }
}

function drawDeath(victim: Victim, random: Random): Death | undefined {
  switch (victim) {
    case 'titanic': {
      const call = random.oneOf(STORE_CALLS);
      return {
        call,
        moment: random.oneOf(MOMENTS),
        // Submissions, claims and settlements come all the time, the others seldom.
        spared:
          call === 'submit' || call === 'claim' || call === 'settle' ? random.between(0, SPARED_MAX) : 0,
        afterMs: random.between(0, DURING_MS_MAX),
      };
    }
    case 'worker':
      return { run: random.oneOf(RUN_STEPS), spared: random.between(0, SPARED_MAX) };
    case 'broker':
    case 'postgres':
      return undefined;
  }
}

/** A step in words, such as `settle, during`; `any` where nobody chose. */
export function stepOf(death: Death | undefined): string {
  if (!death) return 'any';
  return 'call' in death ? `${death.call}, ${death.moment}` : `run, ${death.run}`;
}
