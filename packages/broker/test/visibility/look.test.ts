import { setImmediate } from 'node:timers/promises';
import { Look } from '../../src/visibility/look';

function counting(): Look<{ glance: number }> {
  let glances = 0;
  return new Look(() => ({ glance: ++glances }));
}

test('all who look in one go see the same, and the next ones something new', async () => {
  const look = counting();
  expect(look.seen).toBe(look.seen);
  await setImmediate();
  expect(look.seen).toEqual({ glance: 2 });
});

test('it stays for as long as somebody needs it, and no longer', async () => {
  const look = counting();
  const kept = look.keep(async () => {
    const first = look.seen;
    await setImmediate();
    await look.keep(() => setImmediate());
    return look.seen === first;
  });
  await expect(kept).resolves.toBe(true);
  expect(look.seen).toEqual({ glance: 2 });
});

test('nor longer where that fails', async () => {
  const look = counting();
  const kept = look.keep(() => Promise.reject(new Error(String(look.seen.glance))));
  await expect(kept).rejects.toThrow('1');
  expect(look.seen).toEqual({ glance: 2 });
});
