import * as protocol from '@majordomo/protocol';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readCorpus } from '../../src/fuzz/cases';
import { conversationOf } from '../../src/fuzz/conversations';
import { runDecoders, type DecoderRun } from '../../src/fuzz/decoder-run';
import { FAST, THOROUGH } from '../../src/fuzz/examiner';
import type { Frames } from '../../src/fuzz/message';
import { failureLines } from '../../src/fuzz/report';
import { Rng } from '../../src/fuzz/rng';
import { Talks } from '../../src/fuzz/talks';

const corpus = readCorpus(join(__dirname, '../../corpus'));

describe.each(['decoders', 'sessions'] as const)('%s', (target) => {
  const run = (rest: Pick<DecoderRun, 'seed' | 'messages' | 'thoroughness'>) =>
    runDecoders({ protocol, target, timed: false, corpus, ...rest });

  test.each([
    ['a sample of the checks', 95_000, FAST],
    ['every check', 5_000, THOROUGH],
  ])(
    'changed messages, %s: nothing is thrown, and what is taken is right',
    (_name, messages, thoroughness) => {
      const report = run({ seed: 1, messages, thoroughness });
      const { failure, tally } = report;
      expect(failure && failureLines(report, failure, '').join('\n')).toBeUndefined();
      expect(tally.messages).toBeGreaterThanOrEqual(messages);
      // Messages that are all refused, or all taken, would not get far.
      expect(tally.accepted / tally.messages).toBeGreaterThan(0.2);
      expect(tally.accepted / tally.messages).toBeLessThan(0.6);
    },
    60_000,
  );
});

test('single messages are refused for every reason there is', () => {
  const run = { protocol, target: 'decoders', seed: 3, messages: 40_000, thoroughness: FAST } as const;
  const { tally } = runDecoders({ ...run, timed: false, corpus });
  expect([...tally.refused.keys()].sort()).toEqual([...protocol.REJECTION_REASONS].sort());
});

describe('from a seed', () => {
  const digest = (messages: readonly Frames[]): string => {
    const hash = createHash('sha256');
    for (const frames of messages) {
      hash.update(`${frames.length};`);
      for (const frame of frames) hash.update(`${frame.length};`).update(frame);
    }
    return hash.digest('hex');
  };
  const numbers = Array.from({ length: 300 }, (_, index) => index);
  const said = {
    'single messages': (seed: number) => {
      const talks = new Talks(seed);
      return digest(numbers.flatMap((number) => talks.single(number).talk.messages));
    },
    sessions: (seed: number) => {
      const talks = new Talks(seed);
      return digest(numbers.flatMap((number) => talks.session(number).talk.messages));
    },
    conversations: (seed: number) =>
      digest(numbers.slice(0, 30).flatMap((number) => conversationOf(seed, number).messages)),
  };

  test.each(Object.entries(said))('%s are the same each time, and others from another seed', (_name, of) => {
    expect(of(1)).toBe(of(1));
    expect(of(1)).not.toBe(of(2));
  });

  test('a talk is the same whatever was asked for before it', () => {
    const talks = new Talks(5);
    talks.single(9_000);
    expect(talks.single(17)).toEqual(new Talks(5).single(17));
    expect(talks.session(17)).toEqual(new Talks(5).session(17));
  });
});

test('random numbers are spread evenly, and stay within what is asked for', () => {
  const rng = new Rng(7);
  const counts = new Array<number>(10).fill(0);
  for (let round = 0; round < 100_000; round++) counts[rng.below(10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  for (let round = 0; round < 1_000; round++) {
    expect(rng.between(3, 5)).toBeGreaterThanOrEqual(3);
    expect(rng.between(3, 5)).toBeLessThanOrEqual(5);
    expect(rng.few(4)).toBeLessThanOrEqual(4);
  }
});
