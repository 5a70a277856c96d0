import * as protocol from '@majordomo/protocol';
import { leakCheck } from '@majordomo/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBroker } from '../../src/fuzz/broker-run';
import { parseCase, readCorpus, writeCase } from '../../src/fuzz/cases';
import type { Conversation } from '../../src/fuzz/conversations';
import { Examiner, THOROUGH } from '../../src/fuzz/examiner';
import { LIMITS, type Frames, type LimitsName } from '../../src/fuzz/message';
import { openingOf } from '../../src/fuzz/seeds';
import { Rng } from '../../src/fuzz/rng';

leakCheck();

const CORPUS = readCorpus(join(__dirname, '../../corpus'));

test('there is a corpus, of all directions and dialects', () => {
  expect(CORPUS.length).toBeGreaterThan(50);
  for (const direction of ['client-to-broker', 'broker-to-client', 'worker-to-broker', 'broker-to-worker']) {
    expect(CORPUS.some((each) => each.direction === direction)).toBe(true);
  }
});

test.each(CORPUS.map((each) => [each.name, each] as const))('all decoders: %s', (_name, each) => {
  for (const limits of Object.keys(LIMITS) as LimitsName[]) {
    const examiner = new Examiner(protocol, THOROUGH, false);
    examiner.examine({ ...each, limits });
    expect(examiner.tally.messages).toBe(each.messages.length);
  }
});

/** What each case says to a broker: as it is, and behind an opening. */
function conversations(): Conversation[] {
  const rng = new Rng(1);
  const said: (readonly Frames[])[] = CORPUS.flatMap(({ direction, tongue, messages }) => [
    messages,
    [
      openingOf(rng, direction.startsWith('client') ? 'client-to-broker' : 'worker-to-broker', tongue),
      ...messages,
    ],
  ]);
  return said.map((messages, number) => ({
    number,
    direction: 'worker-to-broker',
    tongue: 'packed',
    messages,
  }));
}

test('a broker takes every case for what it is, in a session and without one, and serves on', async () => {
  const cases = conversations();
  const report = await runBroker({
    seed: 1,
    messages: Infinity,
    peers: 4,
    p99MsMax: Infinity,
    judgesMemory: false,
    conversations: (number) => cases[number],
  });
  expect(report.objections).toEqual([]);
  expect(report.conversations).toBe(cases.length);
  expect(report.messages).toBeGreaterThan(cases.length);
  expect(report.protocolErrors).toBeGreaterThan(0);
});

test('a case is read as it was written, long runs and all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'majordomo-corpus-'));
  try {
    const frames = ['', 'ab'.repeat(3), '00'.repeat(70) + 'ff', `4d${'61'.repeat(300)}`, '000100'.repeat(40)];
    const messages = [frames.map((hex) => Buffer.from(hex, 'hex')), [Buffer.of(1)]];
    const kept = {
      about: 'for this test',
      direction: 'broker-to-worker',
      tongue: 'req',
      limits: 'small',
    } as const;
    const file = writeCase(folder, { name: 'written', ...kept, messages });
    expect(file).toBe(join(folder, 'written.json'));
    expect(readCorpus(folder)).toEqual([{ name: 'written', ...kept, messages }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['4', 'zz', '61*0', '61**2', '61 *2'])('%s is no frame of a case', (hex) => {
  const json = { about: 'x', direction: 'client-to-broker', tongue: 'packed', messages: [[hex]] };
  expect(() => parseCase('wrong', json)).toThrow();
});
