import { eventually, killAllProcesses, leakCheck, runProcess, startProcess } from '../src/index';

leakCheck();
afterEach(killAllProcesses);

const node = (script: string): [string, string[]] => [process.execPath, ['-e', script]];

test('runProcess gives the exit code and all output, with input, environment and directory', async () => {
  const script = `
    process.stdin.on('data', (text) => process.stdout.write(text));
    process.stdin.on('end', () => {
      console.error(process.env.GREETING, process.env.HOME, process.cwd());
      process.exitCode = 3;
    });`;
  const options = { input: 'hello\n', env: { GREETING: 'hi', HOME: undefined }, cwd: '/' };
  expect(await runProcess(...node(script), options)).toEqual({
    code: 3,
    signal: null,
    stdout: 'hello\n',
    stderr: 'hi undefined /\n',
  });
});

test('runProcess kills what takes too long, and shows its output', async () => {
  const run = runProcess(...node(`console.log('stuck'); setInterval(() => {}, 1000)`), { timeoutMs: 1500 });
  await expect(run).rejects.toThrow(/still running after 1500 ms[^]*stuck/);
});

test('without input stdin is at its end', async () => {
  expect(await runProcess('cat')).toMatchObject({ code: 0, stdout: '' });
});

test('waitForLine finds past and future lines, each once, on either stream', async () => {
  const child = startProcess(
    ...node(`
      console.log('port 1'); console.log('(other)'); console.log('port 2'); console.error('oops');
      setInterval(() => {}, 1000)`),
  );
  expect((await child.waitForLine(/^port (\d)/g))[1]).toBe('1');
  expect((await child.waitForLine(/^port (\d)/g))[1]).toBe('2');
  await child.waitForLine('(other)');
  await child.waitForLine('oops', { stream: 'stderr' });
  await expect(child.waitForLine('port', { timeoutMs: 20 })).rejects.toThrow(
    /20 ms passed without a line of stdout like port[^]*port 2/,
  );
  expect(child.stdout).toBe('port 1\n(other)\nport 2\n');
  expect(child.kill()).toBe(true);
  expect(await child.exit).toEqual({ code: null, signal: 'SIGTERM' });
  expect(child.kill()).toBe(false);
});

test('waitForLine waits for the whole line, or for the end', async () => {
  const child = startProcess(...node(`process.stdout.write('half'); setTimeout(() => process.exit(4), 50)`));
  expect((await child.waitForLine('half')).input).toBe('half');
  await child.exit;
});

test('waitForLine fails at once when the process ends', async () => {
  const child = startProcess(...node(`console.error('why'); process.exit(7)`));
  await expect(child.waitForLine('ready')).rejects.toThrow(/ended with 7 without a line[^]*why/);
  await expect(child.waitForLine('ready')).rejects.toThrow('ended with 7');
});

test('a command that does not exist ends with 127 and says so', async () => {
  const child = startProcess('/no/such/command');
  expect(await child.exit).toEqual({ code: 127, signal: null });
  expect(child.pid).toBeUndefined();
  expect(child.stderr).toContain('ENOENT');
});

test('killAllProcesses leaves none, not even one that ignores SIGTERM', async () => {
  const stubborn = `process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 1000)`;
  const children = [startProcess(...node(stubborn)), startProcess('sleep', ['60'])];
  await children[0]?.waitForLine('up');
  children[0]?.kill();
  await children[0]?.waitForLine('no');
  await killAllProcesses();
  for (const child of children) {
    expect((await child.exit).signal).toBe('SIGKILL');
    await eventually(() => !alive(child.pid as number));
  }
});

test('a grandchild that holds the output open does not hold up the exit', async () => {
  const child = startProcess('sh', ['-c', 'sleep 8 & echo started $!']);
  const [, grandchild] = await child.waitForLine(/started (\d+)/);
  expect((await child.exit).code).toBe(0);
  process.kill(Number(grandchild), 'SIGKILL');
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
