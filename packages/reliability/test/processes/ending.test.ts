import { faultOf, type Ending } from '../../src/processes/ending';

const ending = (fields: Partial<Ending>): Ending => ({
  life: 'worker-1.1',
  how: 'terminated',
  exit: { code: 0, signal: null },
  forced: false,
  lastWords: '',
  ...fields,
});

test.each([
  ['SIGTERM and code 0', ending({})],
  ['SIGKILL, as planned', ending({ how: 'killed', exit: { code: null, signal: 'SIGKILL' } })],
])('%s is as it should be', (_what, as) => {
  expect(faultOf(as)).toBeUndefined();
});

test.each([
  ['another code after SIGTERM', ending({ exit: { code: 1, signal: null } }), 'ended with 1 after SIGTERM'],
  [
    'a signal after SIGTERM',
    ending({ exit: { code: null, signal: 'SIGSEGV' } }),
    'ended with SIGSEGV after SIGTERM',
  ],
  [
    'an end that had to be forced',
    ending({ forced: true, exit: { code: null, signal: 'SIGKILL' } }),
    'did not end within',
  ],
  ['an end of its own accord', ending({ how: 'died' }), 'ended by itself, with 0'],
  [
    'a crash, and its last words',
    ending({ how: 'died', exit: { code: 7, signal: null }, lastWords: 'Error: oh' }),
    'ended by itself, with 7\nError: oh',
  ],
])('%s is told', (_what, as, words) => {
  expect(faultOf(as)).toContain(words);
});
