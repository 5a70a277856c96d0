import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a command may take that is waited for, and a line to be printed, in ms. */
const COMMAND_MS = 60_000;
const PRINTED_MS = 20_000;
const POLL_MS = 50;
/** What is started in the background should be up before the next command is typed, in ms. */
const SETTLE_MS = 1_500;

/** What differs from run to run: times, numbers, ids, and how much of a line they fill. @param {string} line */
const shape = (line) =>
  line
    .replace(/\b[0-9a-f]{8,}\b/g, '#')
    .replace(/\d+([.,:]\d+)*/g, '#')
    .replace(/#\s*(ns|µs|ms|s|m|h|KiB|MiB|GiB)\b/g, '#')
    .replace(/[─-]{3,}/g, '---')
    .replace(/\s+/g, ' ')
    .trim();

/** One folder, one user, one command after another. What is printed by all of them is kept together. */
export class Terminal {
  /** @type {Set<import('node:child_process').ChildProcess>} */
  #running = new Set();
  #printed = '';
  /** Where what has not been looked at begins. */
  #seen = 0;

  /**
   * @param {string} folder
   * @param {string} bin - comes first on the path
   * @param {boolean} isShown - whether all of it is shown as well
   */
  constructor(folder, bin, isShown) {
    this.isShown = isShown;
    this.folder = folder;
    this.env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, NO_COLOR: '1' };
  }

  /**
   * Types a command; waits for its end, or a moment where it ends with `&`.
   * @param {string} command
   * @param {string} where - of the document, for errors
   */
  async type(command, where) {
    if (this.isShown) console.log(`$ ${command}`);
    const inBackground = command.trimEnd().endsWith('&');
    const text = inBackground ? `exec ${command.trimEnd().slice(0, -1)}` : command;
    const child = spawn('bash', ['-c', text], { cwd: this.folder, env: this.env, detached: true });
    this.#running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ data) => this.#print(data));
    }
    const ended = once(child, 'close').then(([code]) => {
      this.#running.delete(child);
      return code;
    });
    if (inBackground) {
      await delay(SETTLE_MS);
      return;
    }
    const code = await Promise.race([ended, delay(COMMAND_MS, 'late', { ref: false })]);
    if (code !== 0) throw new Error(`${where}: “${command}” ended with ${code}:\n${this.#printed}`);
  }

  /** @param {string} text */
  #print(text) {
    this.#printed += text;
    if (this.isShown) process.stdout.write(text);
  }

  /**
   * Waits until every one of these lines has been printed since the last time, in any order, but for what differs from
   * run to run.
   * @param {string[]} lines
   * @param {string} where
   */
  async expect(lines, where) {
    const until = performance.now() + PRINTED_MS;
    for (;;) {
      const printed = new Set(this.#printed.slice(this.#seen).split('\n').map(shape));
      const missing = lines.filter((line) => !printed.has(shape(line)));
      if (missing.length === 0) break;
      if (performance.now() > until) {
        const seen = this.#printed.slice(this.#seen);
        throw new Error(`${where}: was not printed:\n${missing.join('\n')}\n\nwhat was:\n${seen}`);
      }
      await delay(POLL_MS);
    }
    this.#seen = this.#printed.length;
  }

  /** Ends whatever runs in the background. */
  async close() {
    for (const child of this.#running) {
      const ended = once(child, 'close');
      if (child.pid) process.kill(-child.pid, 'SIGTERM');
      await Promise.race([ended, delay(5_000, undefined, { ref: false })]);
      if (this.#running.has(child) && child.pid) process.kill(-child.pid, 'SIGKILL');
    }
  }
}
