import { Turn } from '../../src/shell/turn';

/** The end of this turn of the loop. */
const turnIsOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is heard in one turn is settled once, at its end', async () => {
  let settled = 0;
  const turn = new Turn(() => settled++);
  for (let message = 0; message < 60; message++) turn.heard(1);
  turn.endLater();
  expect(settled).toBe(0);
  await turnIsOver();
  expect(settled).toBe(1);
});

test('many messages are settled in between, and many commands', () => {
  let settled = 0;
  const turn = new Turn(() => settled++);
  for (let message = 0; message < 3 * 64; message++) turn.heard(0);
  expect(settled).toBe(3);
  turn.heard(2_047);
  expect(settled).toBe(3);
  turn.heard(1);
  expect(settled).toBe(4);
});

test('the next turn is settled anew', async () => {
  let settled = 0;
  const turn = new Turn(() => settled++);
  turn.heard(1);
  await turnIsOver();
  turn.heard(1);
  await turnIsOver();
  expect(settled).toBe(2);
});
