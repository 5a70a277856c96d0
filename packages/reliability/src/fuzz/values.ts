import type { Rng } from './rng';

/*
 * Values that are wrong more often than others.
 */

const U32 = 2 ** 32 - 1;

/** What is written into a field of so many bytes, beside what stands there already, give or take one. */
const EDGES: Readonly<Record<1 | 2 | 4, readonly number[]>> = {
  1: [1, 2, 9, 10, 64, 65, 127, 128, 254, 255],
  2: [1, 2, 16, 17, 1_024, 1_025, 4_096, 4_097, 0x7fff, 0x8000, 0xfffe, 0xffff],
  4: [
    1,
    2,
    8_191,
    8_192,
    8_193,
    0xffff,
    0x1_0000,
    0x1_0001,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 1,
    2 ** 31 + 8_192,
    U32 - 1,
    U32,
  ],
};

/** A value for a field that holds `now`: an edge, a neighbour, the double, nothing, or anything. */
export function edge(rng: Rng, bytes: 1 | 2 | 4, now: number): number {
  const max = 2 ** (8 * bytes);
  switch (rng.below(8)) {
    case 0:
      return (now + 1) % max;
    case 1:
      return (now + max - 1) % max;
    case 2:
      return (now * 2) % max;
    case 3:
      return rng.u32() % max;
    case 4:
      return 0;
    default:
      return rng.pick(EDGES[bytes]);
  }
}

/** Bytes that are no UTF-8: cut short, overlong, a surrogate, beyond the last character, a lone continuation. */
export const INVALID_UTF8: readonly Buffer[] = [
  'ff',
  '80',
  'c3',
  'c080',
  'e282',
  'eda080',
  'f4908080',
  'f8888080',
].map((hex) => Buffer.from(hex, 'hex'));

/** Text that is UTF-8 and no name. */
export const UNPRINTABLE: readonly Buffer[] = [
  '\0',
  'line\nbreak',
  '\u001b[31m',
  'right\u202eto left',
  'next\u0085line',
  '\u2028',
  '\ufeffbom',
  '',
].map((text) => Buffer.from(text));

/** Headers of all dialects, and of nobody's. */
export const HEADERS: readonly Buffer[] = [
  'MDPC01',
  'MDPW01',
  'MDPC02',
  'MDPW02',
  'MDPCP1',
  'MDPWP1',
  'MDPC03',
  'MDPWP2',
  'mdpc01',
  'MDPC0',
  'GET / HTTP/1.1',
]
  .map((text) => Buffer.from(text))
  .concat(Buffer.from('aaa401', 'hex'));

/** Names of services that are asked for and served. Few, so that they meet. */
export const SERVICES: readonly string[] = ['echo', 'größe', 'fuzz one', 'fuzz.two', 's'.repeat(255), 'mmix'];

/** What the broker answers itself. */
export const MANAGEMENT: readonly string[] = [
  'mmi.service',
  'mmi.services',
  'mmi.workers',
  'mmi.broker',
  'mmi.nothing',
];
