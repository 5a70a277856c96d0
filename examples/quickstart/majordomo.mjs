import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('./dist/main.js', import.meta.resolve('@majordomo/cli/package.json')));

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// A signal alone would end this process without the above.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/**
 * Starts the `majordomo` command as a process of its own and waits until it says that it is there.
 * @param {string[]} args
 */
export async function majordomo(...args) {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    exited.then(([code]) => {
      throw new Error(`majordomo ${args.join(' ')} ended with ${code}: ${log}`);
    }),
  ]);
  return {
    /** What it said first, such as `majordomo broker listening on tcp://127.0.0.1:5555`. */
    line: String(line),
    /** @param {NodeJS.Signals} signal */
    async stop(signal) {
      child.kill(signal);
      await exited;
    },
  };
}
