import { eventually, leakCheck } from '../src/index';

leakCheck();

test('returns the first true value, through false ones and errors', async () => {
  const values = [
    () => 0,
    () => '',
    () => {
      throw new Error('not yet');
    },
    () => Promise.resolve('yes'),
  ];
  expect(await eventually(() => values.shift()?.())).toBe('yes');
});

test('fails with what was awaited, the last value or error, and the line of the test', async () => {
  const failed = await eventually(() => null, { timeoutMs: 20, what: 'a miracle' }).catch(
    (error: Error) => error,
  );
  expect(failed).toMatchObject({ message: 'waited 20 ms for a miracle; last it gave null' });
  expect((failed as Error).stack).toContain('eventually.test.ts');
  const cause = new Error('broken');
  const thrown = eventually(() => Promise.reject(cause), { timeoutMs: 20, what: 'it' });
  await expect(thrown).rejects.toMatchObject({
    message: expect.stringContaining('threw Error: broken'),
    cause,
  });
});
