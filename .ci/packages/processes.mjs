// Child processes that cannot outlive their time or this process, and work on many things at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** @typedef {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number }} Settings */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Settings} settings
 */
function launch(command, args, { cwd, env }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (said.stdout += String(data)));
  child.stderr.on('data', (data) => (said.stderr += String(data)));
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  return { child, said, closed, shown: [command, ...args].join(' ') };
}

/**
 * @param {ReturnType<typeof launch>} launched
 * @param {string} outcome
 */
function failure({ said, shown }, outcome) {
  return new Error(`${shown}\n${outcome}\n${said.stdout}${said.stderr}`.trimEnd());
}

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {Settings} [settings] `timeoutMs`: after which it is killed. Default 120,000.
 * @returns {Promise<string>} its standard output
 * @throws {Error} where it ends with anything but 0; the message has all that it said
 */
export async function run(command, args, settings = {}) {
  const { timeoutMs = 120_000 } = settings;
  const launched = launch(command, args, settings);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    launched.child.kill('SIGKILL');
  }, timeoutMs);
  try {
    const [code, signal] = await launched.closed;
    if (late) throw failure(launched, `was killed after ${timeoutMs} ms`);
    if (code !== 0) throw failure(launched, `ended with ${code ?? signal}`);
    return launched.said.stdout;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts a command that goes on until it is told to stop.
 * @param {string} command
 * @param {string[]} args
 * @param {Settings} [settings] `timeoutMs`: for its first line, and for its end once it is told. Default 60,000.
 */
export function start(command, args, settings = {}) {
  const { timeoutMs = 60_000 } = settings;
  const launched = launch(command, args, settings);
  const { child, closed } = launched;
  const firstLine = once(createInterface(child.stdout), 'line').then(([line]) => String(line));
  firstLine.catch(() => undefined);
  return {
    /** The first line of its standard output. */
    line: () => within(Promise.race([firstLine, closed.then(() => Promise.reject(ended()))]), 'a line'),
    /** Sends SIGTERM, and waits for its end: with 0, or it is a failure. */
    async stop() {
      child.kill('SIGTERM');
      const [code, signal] = await within(closed, 'its end after SIGTERM');
      if (code !== 0) throw failure(launched, `ended with ${code ?? signal} after SIGTERM`);
    },
    kill: () => child.kill('SIGKILL'),
  };

  function ended() {
    return failure(launched, 'ended too early');
  }

  /**
   * @template T
   * @param {Promise<T>} promise
   * @param {string} what
   * @returns {Promise<T>}
   */
  async function within(promise, what) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(failure(launched, `gave no ${what} in ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      return /** @type {T} */ (await Promise.race([promise, late]));
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Works on all items, a few at once: one more than there are cores, as each waits now and then.
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>} in the order of the items
 * @throws {Error} the first failure, once what was under way has ended; nothing is begun after it
 */
export async function each(items, work) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  /** @type {{ error: unknown } | undefined} */
  let failed;
  const lane = async () => {
    while (next < items.length && failed === undefined) {
      const at = next++;
      try {
        results[at] = await work(/** @type {T} */ (items[at]));
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, lane));
  if (failed !== undefined) throw failed.error;
  return results;
}
