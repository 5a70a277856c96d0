import { UsageError } from '../src/errors';
import { readOptions } from '../src/read-options';

test('flags become numbers in their units', () => {
  const flags = {
    quick: true,
    peers: 'nats, raw',
    rounds: '3',
    seconds: '0.5',
    inFlight: '1,1_000',
    sizes: '100,64KiB',
  };
  expect(readOptions(flags)).toEqual({
    quick: true,
    json: false,
    peers: ['nats', 'raw'],
    rounds: 3,
    seconds: 0.5,
    inFlight: [1, 1_000],
    sizes: [100, 65_536],
  });
});

test('what is not said is left to the scenario', () => {
  expect(readOptions({})).toEqual({ quick: false, json: false });
});

test.each([
  [{ peers: 'nats,kafka' }, '--peers'],
  [{ peers: '' }, '--peers'],
  [{ rounds: '0' }, '--rounds'],
  [{ rounds: '1.5' }, '--rounds'],
  [{ rounds: '-1' }, '--rounds'],
  [{ rounds: '_' }, '--rounds'],
  [{ seconds: 'NaN' }, '--seconds'],
  [{ seconds: '0' }, '--seconds'],
  [{ inFlight: '1,,2' }, '--in-flight'],
  [{ sizes: '1 kB' }, '--sizes'],
  [{ sizes: '0' }, '--sizes'],
  [{ sizes: '64MiB' }, '--sizes'],
])('%j is refused in one line that names %s', (flags, named) => {
  const read = (): unknown => readOptions(flags);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(new RegExp(`^${named}: [^\\n]+$`));
});
