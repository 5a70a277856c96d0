import { bodyOf } from '../../load/check';
import type { CodecLoad, CodecResult } from '../../load/codec';
import { median } from '../../stats';
import { CODECS, type Codec } from './codecs';

/** Records between two looks at the clock. */
const BATCH = 1_000;
/** Records whose memory is counted at one time: few enough that no garbage collection comes in between. */
const COUNTED = 500;
/** How often it is counted; one in which garbage was collected all the same is far from the median. */
const COUNTS = 21;
const WARMUP_RECORDS = 50_000;

/** Measures every codec; the process needs `--expose-gc` and a young generation that holds all that is counted. */
export function measureCodecs({ bytes, measureMs }: CodecLoad): CodecResult[] {
  const body = bodyOf(bytes);
  return CODECS.map((codec) => {
    codec.run(WARMUP_RECORDS, body);
    return {
      name: codec.name,
      bytesAllocated: allocatedPerRecord(codec, body),
      perSecond: recordsPerSecond(codec, body, measureMs),
    };
  });
}

function recordsPerSecond(codec: Codec, body: Uint8Array, measureMs: number): number {
  const startedAt = performance.now();
  let records = 0;
  let ms = 0;
  while (ms < measureMs) {
    codec.run(BATCH, body);
    records += BATCH;
    ms = performance.now() - startedAt;
  }
  return (records * 1_000) / ms;
}

function allocatedPerRecord(codec: Codec, body: Uint8Array): number {
  const counts = Array.from({ length: COUNTS }, () => {
    globalThis.gc?.();
    const before = allocatedBytes();
    codec.run(COUNTED, body);
    return (allocatedBytes() - before) / COUNTED;
  });
  return Math.round(median(counts));
}

function allocatedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
