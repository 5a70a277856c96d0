import { runProgram } from '../src/program';

/** What a command line prints, and its exit code. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  const err = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  try {
    return { code: await runProgram(argv), ...said };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

test('worlds: a table of what they did, and that nothing broke', async () => {
  const { code, out } = await run('sim', '--seeds', '5', '--start', '3');
  expect(code).toBe(0);
  expect(out).toMatch(/calls made +\d+ +\d+\.\d\d a world/);
  expect(out).toMatch(/5 seeds from 3 on in .* s, \d+ a second\nnothing broke/);
});

test('one world: its plan and its event log', async () => {
  const { code, out } = await run('sim', '--seed', '7', '--trace', '--plan');
  expect(code).toBe(0);
  expect(out).toContain('"seed": 7');
  expect(out).toMatch(/b0 {2}starts/);
  expect(out).toMatch(/seed 7: nothing broke, \d+ events/);
});

test.each([
  [['--seeds', '0'], /--seeds takes a whole number from 1/],
  [['--seeds', 'many'], /--seeds takes a whole number from 1/],
  [['--seed', '-1'], /--seed takes a whole number from 0/],
  [['--start', '1.5'], /--start takes a whole number from 0/],
  [['--seconds', ''], /--seconds takes a whole number from 1/],
  [['--no-such-option'], /unknown option/],
])('wrong usage is told of: %s', async (argv, message) => {
  const { code, err } = await run('sim', ...argv);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
});
