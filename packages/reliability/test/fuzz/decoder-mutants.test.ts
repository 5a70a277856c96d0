import { runDecoders, type DecoderReport } from '../../src/fuzz/decoder-run';
import { THOROUGH } from '../../src/fuzz/examiner';
import type { Protocol } from '../../src/fuzz/channels';
import { builtProtocol } from './built';
import { PROTOCOL_MUTANTS } from './mutants';

/** Messages after which a bug has to be found, of each target. */
const MESSAGES_MAX = 20_000;

/** What other decoders make of a message costs the most, and finds the least. */
const thoroughness = { ...THOROUGH, others: 16 };

function fuzz(protocol: Protocol, messages: number, timed = false): DecoderReport {
  const run = { protocol, seed: 11, messages, thoroughness, timed, corpus: [] };
  const report = runDecoders({ ...run, target: 'decoders' });
  return report.failure ? report : runDecoders({ ...run, target: 'sessions' });
}

test('without a bug in it, the codec that was built for this passes', async () => {
  expect(fuzz(await builtProtocol(), 2_000).failure).toBeUndefined();
});

test.each(PROTOCOL_MUTANTS)(
  'a planted bug is found: $name',
  async (mutant) => {
    const { failure } = fuzz(await builtProtocol(mutant), MESSAGES_MAX, mutant.timed);
    expect(failure).toBeDefined();
  },
  60_000,
);

test('there are bugs of every kind', () => {
  expect(PROTOCOL_MUTANTS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(PROTOCOL_MUTANTS.map(({ name }) => name)).size).toBe(PROTOCOL_MUTANTS.length);
});
