import {
  GROWTH_BYTES_MAX,
  memoryFault,
  memoryOf,
  RSS_BYTES_MAX,
  type MemorySample,
} from '../../src/chaos/memory';

const MIB = 1_024 * 1_024;

/** One sample a second. */
const life = (name: string, seconds: number, mibAt: (second: number) => number): MemorySample[] =>
  Array.from({ length: seconds + 1 }, (_, at) => ({ life: name, at: at * 1_000, rssBytes: mibAt(at) * MIB }));

test('memory that fills up and stays is flat', () => {
  const samples = life('a.1', 60, (second) => Math.min(120, 60 + 5 * second));
  expect(memoryOf(samples)).toEqual({ maxBytes: 120 * MIB, growthBytes: 0 });
  expect(memoryFault(memoryOf(samples))).toBeUndefined();
});

test('memory that grows for ever is found, among lives that are flat', () => {
  const samples = [...life('a.1', 60, () => 90), ...life('b.1', 60, (second) => 60 + 3 * second)];
  const memory = memoryOf(samples);
  expect(memory.growthBytes).toBeGreaterThan(GROWTH_BYTES_MAX);
  expect(memoryFault(memory)).toMatch(/^a broker grew by 60 MiB/);
});

test('memory beyond the bound is found, however short its life', () => {
  const memory = memoryOf(life('a.1', 1, () => RSS_BYTES_MAX / MIB + 1));
  expect(memoryFault(memory)).toMatch(/^a broker had 257 MiB resident/);
});

test('a life that is too short tells nothing of growth, and no sample is nothing', () => {
  expect(memoryOf(life('a.1', 19, (second) => 10 * second)).growthBytes).toBe(0);
  expect(memoryOf([])).toEqual({ maxBytes: 0, growthBytes: 0 });
});
