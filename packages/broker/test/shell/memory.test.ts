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

test('all that there is to know, and what was known last of it', () => {
  const known = process.memoryUsage();
  const reads = [known];
  const memory = new Memory(undefined, () => {
    const read = reads.shift();
    if (!read) throw new Error('EMFILE: too many open files, uv_resident_set_memory');
    return read;
  });
  expect([memory.usage(), memory.usage()]).toEqual([known, known]);
});

test('nothing, where it could never be asked', () => {
  const refuse = (): never => {
    throw new Error('EMFILE');
  };
  const memory = new Memory(refuse, refuse);
  expect(memory.residentBytes()).toBe(0);
  expect(memory.usage()).toEqual({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 });
});
