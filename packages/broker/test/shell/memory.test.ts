import { Memory } from '../../src/shell/memory';

test('the resident memory of this process', () => {
  expect(new Memory().residentBytes()).toBeGreaterThan(1_000_000);
});

test('what was known last, where the system cannot be asked because no descriptor is left', () => {
  const reads = [() => 5, () => 7];
  const memory = new Memory(() => {
    const read = reads.shift();
    if (!read) throw new Error('EMFILE: too many open files, uv_resident_set_memory');
    return read();
  });
  expect([1, 2, 3, 4].map(() => memory.residentBytes())).toEqual([5, 7, 7, 7]);
});

test('nothing, where it could never be asked', () => {
  const memory = new Memory(() => {
    throw new Error('EMFILE');
  });
  expect(memory.residentBytes()).toBe(0);
});
