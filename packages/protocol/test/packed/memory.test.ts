import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DEFAULT_LIMITS, packedClientAtBroker, type Frame } from '../../src/index';
import { DIRECTIONS } from './directions';
import { framesOf, VECTORS, withoutOpening } from './vectors';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const used = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** What a busy machine may add to a measurement; believing what the messages say would cost half a MiB to 64 GiB. */
const NOISE_BYTES = 128 * 1_024;

const RUNS = 20;
const MEASUREMENTS = 12;

/** Bytes that one run allocates, garbage included: the least of some measurements, for others allocate too. */
function allocated(action: () => unknown): number {
  for (let run = 0; run < RUNS; run++) action();
  const costs: number[] = [];
  while (costs.length < MEASUREMENTS) {
    const kept: unknown[] = [];
    const before = used();
    for (let run = 0; run < RUNS; run++) kept.push(action());
    const cost = (used() - before) / RUNS;
    // A collection came between.
    if (cost < 0) collect();
    else costs.push(cost);
  }
  return Math.min(...costs);
}

const client = Buffer.from('MDPCP1');

test('a hostile message costs no more than some KiB, whatever it says of lengths and counts', () => {
  const costs = VECTORS.filter(({ rejection }) => rejection !== undefined).map((vector) => {
    const frames = withoutOpening(framesOf(vector.frames));
    const cost = allocated(() => DIRECTIONS[vector.direction].to().decode(frames, DEFAULT_LIMITS));
    return { name: vector.name, cost };
  });
  expect(costs.filter(({ cost }) => cost > NOISE_BYTES)).toEqual([]);
});

// A thousand frames made would cost more than 100 KiB.
test('a body costs the same whatever is in it, until it is read', () => {
  const request = (body: string): Frame[] => {
    const content = Buffer.from(
      `00000001000000000000000000000000040004000000${Buffer.from('echo').toString('hex')}${body}`,
      'hex',
    );
    const head = Buffer.from('050000000000', 'hex');
    head.writeUInt32BE(content.length, 2);
    return [Buffer.concat([client, head, content])];
  };
  const one = request(`000100001000${'00'.repeat(4_096)}`);
  const thousand = request(`03e8${'00000000'.repeat(1_000)}`);
  const cost = (frames: Frame[]) => allocated(() => packedClientAtBroker().decode(frames, DEFAULT_LIMITS));
  for (const frames of [one, thousand]) {
    expect(packedClientAtBroker().decode(frames, DEFAULT_LIMITS)).toMatchObject({ ok: true });
  }
  expect(cost(one)).toBeLessThan(32 * 1_024);
  expect(cost(thousand)).toBeLessThan(32 * 1_024);
});

test('the smallest records, as many as a message can hold, cost some ten times their bytes at the most', () => {
  const cancel = Buffer.from('09000000000400000001', 'hex');
  const count = Math.floor((136 * 1_024) / cancel.length);
  const message = [Buffer.concat([client, ...Array.from({ length: count }, () => cancel)])];
  const cost = allocated(() => packedClientAtBroker().decode(message, DEFAULT_LIMITS));
  expect(cost).toBeLessThan(12 * message[0]!.length);
});
