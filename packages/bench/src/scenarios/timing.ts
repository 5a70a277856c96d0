/** How often and how long each measurement of a run takes. */
export interface Timing {
  readonly rounds: number;
  /** Of one measurement, after its warm-up. */
  readonly measureMs: number;
  /** Before each measurement. */
  readonly warmupMs: number;
  /** Once per peer, before the first round: compilers want to have seen the code. */
  readonly firstWarmupMs: number;
}

const FULL: Timing = { rounds: 5, measureMs: 5_000, warmupMs: 1_000, firstWarmupMs: 2_000 };
const QUICK: Timing = { rounds: 3, measureMs: 1_000, warmupMs: 150, firstWarmupMs: 500 };

/** What a quick run may spend on measurements in all, in ms: with starts and build it ends within a minute. */
const QUICK_BUDGET_MS = 42_000;
/** No quick measurement is shorter, in ms. */
const MEASURE_MS_MIN = 250;

/**
 * The timing of a run. A quick one fits its measurements into {@link QUICK_BUDGET_MS}, unless the user says how long
 * they take.
 * @param measurements - how many there are per round
 * @param peers - how many have to be warmed up
 */
export function timingOf(
  { quick, rounds, seconds }: { quick: boolean; rounds?: number | undefined; seconds?: number | undefined },
  measurements: number,
  peers: number,
): Timing {
  const base = quick ? QUICK : FULL;
  const count = rounds ?? base.rounds;
  if (seconds !== undefined) return { ...base, rounds: count, measureMs: seconds * 1_000 };
  if (!quick) return { ...base, rounds: count };
  const budgetMs = QUICK_BUDGET_MS - peers * base.firstWarmupMs;
  const fitMs = Math.floor(budgetMs / (measurements * count)) - base.warmupMs;
  return { ...base, rounds: count, measureMs: Math.max(MEASURE_MS_MIN, Math.min(base.measureMs, fitMs)) };
}
