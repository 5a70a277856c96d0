import type { CodecResult } from '../load/codec';
import { CODEC_PEER } from '../peers/codec/name';
import { Child } from '../processes/child-process';
import { progress } from '../progress';
import { spread, type Spread } from '../stats';
import { bytes as bytesText } from '../format';
import type { RunOptions } from './options';
import { timingOf, type Timing } from './timing';

/** One codec with bodies of one size. */
export interface CodecRow {
  readonly name: string;
  readonly bytes: number;
  readonly perSecond: Spread;
  /** Of one record, encoded and decoded: heap and array buffers. */
  readonly bytesAllocated: Spread;
}

/** What `codec` found. */
export interface CodecReport {
  readonly scenario: 'codec';
  readonly timing: Timing;
  readonly rows: readonly CodecRow[];
}

const SIZES = [100, 1_024];
/** How many codecs there are, about: for the time that a quick run may take. */
const CODECS_ABOUT = 8;
/** A young generation, in MiB, that holds all that is counted: nothing is collected in between. */
const NODE_FLAGS = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** The codec alone: records to frames and back, in one process, without a socket. */
export async function codec(options: RunOptions): Promise<CodecReport> {
  const sizes = options.sizes ?? SIZES;
  const timing = timingOf(options, sizes.length * CODECS_ABOUT, 0);
  const found = new Map<string, { name: string; bytes: number; results: CodecResult[] }>();
  const child = await Child.start({ peer: CODEC_PEER, part: 'codec', params: {}, nodeFlags: NODE_FLAGS });
  try {
    for (let round = 0; round < timing.rounds; round++) {
      for (const bytes of sizes) {
        progress(`round ${round + 1}/${timing.rounds}  ${bytesText(bytes)}`);
        const patienceMs = 60_000 + 10 * CODECS_ABOUT * timing.measureMs;
        for (const result of await child.ask('codec', { bytes, measureMs: timing.measureMs }, patienceMs)) {
          const key = `${result.name} ${bytes}`;
          const row = found.get(key) ?? { name: result.name, bytes, results: [] };
          row.results.push(result);
          found.set(key, row);
        }
      }
    }
  } finally {
    await child.stop();
  }
  const rows = [...found.values()].map(({ name, bytes, results }) => ({
    name,
    bytes,
    perSecond: spread(results.map(({ perSecond }) => perSecond)),
    bytesAllocated: spread(results.map(({ bytesAllocated }) => bytesAllocated)),
  }));
  return { scenario: 'codec', timing, rows };
}
