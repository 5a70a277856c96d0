/** What one process had resident, at one time. */
export interface MemorySample {
  readonly life: string;
  /** In ms. */
  readonly at: number;
  readonly rssBytes: number;
}

/** The memory of the brokers of a run; bytes. */
export interface MemoryReport {
  /** The most that any broker had at any time. */
  readonly maxBytes: number;
  /**
   * The most by which any broker grew: the median of the last third of its life over that of the second third. 0 where
   * none lived long enough to tell.
   */
  readonly growthBytes: number;
}

const MIB = 1_024 * 1_024;

/** What no broker of a run may have at any time: more than twice what one has that has served for minutes. */
export const RSS_BYTES_MAX = 256 * MIB;
/** By how much no broker may grow from the middle of its life to its end. */
export const GROWTH_BYTES_MAX = 48 * MIB;
/** Lives shorter than this tell nothing of growth: a heap fills up before it is looked through. In ms. */
const LIFE_MS_MIN = 20_000;

/** Sums up samples of any number of lives. */
export function memoryOf(samples: readonly MemorySample[]): MemoryReport {
  const lives = new Map<string, MemorySample[]>();
  for (const sample of samples) {
    const life = lives.get(sample.life);
    if (life) life.push(sample);
    else lives.set(sample.life, [sample]);
  }
  let growthBytes = 0;
  for (const life of lives.values()) growthBytes = Math.max(growthBytes, growthOf(life));
  return { maxBytes: samples.reduce((max, { rssBytes }) => Math.max(max, rssBytes), 0), growthBytes };
}

function growthOf(samples: readonly MemorySample[]): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < LIFE_MS_MIN) return 0;
  const third = (last.at - first.at) / 3;
  const middle = samples.filter(({ at }) => at >= first.at + third && at < first.at + 2 * third);
  const end = samples.filter(({ at }) => at >= first.at + 2 * third);
  return Math.max(0, median(end) - median(middle));
}

function median(samples: readonly MemorySample[]): number {
  const sorted = samples.map(({ rssBytes }) => rssBytes).sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** What is wrong with the memory of a run, or `undefined`. */
export function memoryFault({ maxBytes, growthBytes }: MemoryReport): string | undefined {
  if (maxBytes > RSS_BYTES_MAX) {
    return `a broker had ${mib(maxBytes)} resident: more than ${mib(RSS_BYTES_MAX)}`;
  }
  if (growthBytes > GROWTH_BYTES_MAX) {
    return `a broker grew by ${mib(growthBytes)} in the last third of its life: more than ${mib(GROWTH_BYTES_MAX)}`;
  }
  return undefined;
}

/** Bytes as people say them. */
export function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
