import * as fc from 'fast-check';
import { globOf, Patterns } from '../../../src/core/access/glob';

test.each([
  ['echo', ['echo'], ['echo2', 'ech', '', 'Echo']],
  ['*', ['', 'x', 'a.b.c', '*'], []],
  ['a.*', ['a.', 'a.b', 'a.b.c'], ['a', 'b.a.x', 'A.b']],
  ['*.log', ['.log', 'x.log', 'a.log.log'], ['log', 'x.log2']],
  ['a*a', ['aa', 'aba', 'aaa'], ['a', 'ab', 'ba']],
  ['a*b*c', ['abc', 'axbxc', 'abbcc'], ['ac', 'acb', 'cba']],
  ['**', ['', 'x'], []],
  ['a.c', ['a.c'], ['abc', 'a*c']],
  ['[ab]?', ['[ab]?'], ['a?', 'ab']],
])('%s', (pattern, fits, others) => {
  const glob = globOf(pattern);
  expect(fits.filter((text) => !glob(text))).toEqual([]);
  expect(others.filter((text) => glob(text))).toEqual([]);
});

test('means what the textbook’s definition means, for any pattern and text', () => {
  const means = (pattern: string, text: string): boolean => {
    if (pattern === '') return text === '';
    if (!pattern.startsWith('*'))
      return pattern[0] === text[0] && text !== '' && means(pattern.slice(1), text.slice(1));
    return means(pattern.slice(1), text) || (text !== '' && means(pattern, text.slice(1)));
  };
  const letters = (more: string[]) => fc.array(fc.constantFrom('a', 'b', '.', ...more), { maxLength: 9 });
  fc.assert(
    fc.property(letters(['*', '*']), letters([]), (pattern, text) => {
      expect(globOf(pattern.join(''))(text.join(''))).toBe(means(pattern.join(''), text.join('')));
    }),
    { numRuns: 2_000 },
  );
});

test('no pattern takes long, whatever the text', () => {
  const glob = globOf(`${'a*'.repeat(127)}b`);
  const before = process.cpuUsage().user;
  for (let n = 0; n < 1_000; n++) expect(glob('a'.repeat(255))).toBe(false);
  expect(process.cpuUsage().user - before).toBeLessThan(5_000_000);
});

test('what is remembered of texts has a bound, and stays right beyond it', () => {
  const patterns = new Patterns(['a*', 'x']);
  for (let n = 0; n < 10_000; n++) {
    expect(patterns.has(`a${n}`)).toBe(true);
    expect(patterns.has(`b${n}`)).toBe(false);
  }
  expect([patterns.has('x'), patterns.has('x'), patterns.has('y')]).toEqual([true, true, false]);
});
