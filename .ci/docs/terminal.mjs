import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { missing } from './printed.mjs';

/** How long a command may take that is waited for, and a line to be printed, in ms. */
const COMMAND_MS = 60_000;
const PRINTED_MS = 20_000;
const POLL_MS = 50;
/** What is started in the background, and says nothing, should be up before the next command is typed, in ms. */
const SETTLE_MS = 1_500;
/** How long what runs in the background may take to end once it is told to, in ms. */
const END_MS = 5_000;

/** A command that goes on in the background, and may have a comment behind it. */
const IN_BACKGROUND = /(?<!&)&\s*(?:#.*)?$/;
const OF_A_JOB = /^(?<what>kill|wait)(?: -(?<signal>\w+))? %(?<number>\d+)$/;
const EXPORT = /^export (\w+)=(\S*)/;

/**
 * A command that was started.
 * @typedef {object} Job
 * @property {string} command
 * @property {string} where
 * @property {import('node:child_process').ChildProcess} child
 * @property {Promise<number | string>} ended - its exit code, or the signal that ended it
 * @property {number | string | undefined} outcome - the same, once it has ended
 * @property {boolean} isTold - whether it was told to end
 */

/** One folder, one user, one command after another. What is printed by all of them is kept together. */
export class Terminal {
  /** Those in the background, in the order in which a shell numbers them: the first is `%1`. @type {Job[]} */
  #jobs = [];
  /** @type {Set<Job>} */
  #running = new Set();
  #printed = '';
  /** Where what the last command and all others have printed since it was typed begins. */
  #since = 0;

  /**
   * @param {string} folder
   * @param {readonly string[]} path - what comes first on the path
   * @param {boolean} isShown - whether all of it is shown as well
   */
  constructor(folder, path, isShown) {
    this.isShown = isShown;
    this.folder = folder;
    /** @type {NodeJS.ProcessEnv} */
    this.env = { ...process.env, PATH: [...path, process.env['PATH']].join(':'), NO_COLOR: '1' };
  }

  /**
   * Types a command, and waits for its end and for the lines that it is said to print; where it ends with `&`, for the
   * lines alone, or a moment where there are none.
   * @param {import('./steps.mjs').Command} command
   * @param {string} where - of the document, for errors
   */
  async type({ typed, printed }, where) {
    if (this.isShown) console.log(`$ ${typed}`);
    this.#since = this.#printed.length;
    const [, name, value] = EXPORT.exec(typed) ?? [];
    const ofJob = OF_A_JOB.exec(typed)?.groups;
    if (name !== undefined) this.env[name] = value;
    else if (ofJob) await this.#tell(ofJob, where);
    else if (IN_BACKGROUND.test(typed)) await this.#background(typed, printed, where);
    else await this.#foreground(typed, where);
    await this.#expect(printed, where);
  }

  /** @param {string} command @param {string} where */
  async #foreground(command, where) {
    const job = this.#start(command, command, where);
    const outcome = await within(COMMAND_MS, job.ended);
    if (outcome !== 0) throw this.#failure(job, outcome);
  }

  /** @param {string} command @param {readonly string[]} printed @param {string} where */
  async #background(command, printed, where) {
    // The job is the program itself, and no shell around it.
    const job = this.#start(command, `exec env ${command.replace(IN_BACKGROUND, '')}`, where);
    this.#jobs.push(job);
    if (printed.length === 0) await within(SETTLE_MS, job.ended);
    this.#look(job);
  }

  /** A job that ended by itself should have ended well. @param {Job} job */
  #look(job) {
    const { outcome, isTold } = job;
    if (!isTold && outcome !== undefined && outcome !== 0) throw this.#failure(job, outcome);
  }

  /** @param {Job} job @param {number | string | undefined} outcome */
  #failure({ command, where }, outcome) {
    const how = outcome === undefined ? `did not end within ${COMMAND_MS} ms` : `ended with ${outcome}`;
    return new Error(`${where}: “${command}” ${how}:\n${this.#printed.slice(this.#since)}`);
  }

  /**
   * @param {string} command
   * @param {string} text - what a shell is given for it
   * @param {string} where
   */
  #start(command, text, where) {
    // A shell whose input is a socket, as the pipes of Node are, takes itself for a remote one and reads .bashrc.
    const child = spawn('bash', ['--norc', '-c', text], {
      cwd: this.folder,
      env: this.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ data) => this.#print(data));
    }
    const ended = once(child, 'close').then(([code, signal]) => {
      this.#running.delete(job);
      job.outcome = code ?? signal;
      return code ?? signal;
    });
    /** @type {Job} */
    const job = { command, where, child, ended, outcome: undefined, isTold: false };
    this.#running.add(job);
    return job;
  }

  /**
   * `kill -9 %1` and `wait %1`.
   * @param {Record<string, string | undefined>} ofJob
   * @param {string} where
   */
  async #tell({ what, signal = 'TERM', number }, where) {
    const job = this.#jobs[Number(number) - 1];
    if (!job) throw new Error(`${where}: there is no job %${number}`);
    this.#look(job);
    if (what === 'kill') end(job, /^\d+$/.test(signal) ? Number(signal) : `SIG${signal}`);
    else if ((await within(COMMAND_MS, job.ended)) === undefined) throw this.#failure(job, undefined);
  }

  /** @param {string} text */
  #print(text) {
    this.#printed += text;
    if (this.isShown) process.stdout.write(text);
  }

  /**
   * Waits until these lines have been printed, in any order and by whoever prints them.
   * @param {readonly string[]} lines
   * @param {string} where
   */
  async #expect(lines, where) {
    const until = performance.now() + PRINTED_MS;
    for (;;) {
      const seen = this.#printed.slice(this.#since);
      const left = missing(lines, seen);
      if (left.length === 0) return;
      if (performance.now() > until) {
        throw new Error(`${where}: was not printed:\n${left.join('\n')}\n\nwhat was:\n${seen}`);
      }
      await delay(POLL_MS);
    }
  }

  /** @throws Error where something in the background has ended by itself, and not well */
  requireGoodEnds() {
    for (const job of this.#jobs) this.#look(job);
  }

  /** Ends whatever runs. */
  async close() {
    await Promise.all(
      [...this.#running].map(async (job) => {
        end(job, 'SIGTERM');
        if ((await within(END_MS, job.ended)) !== undefined) return;
        end(job, 'SIGKILL');
        await within(END_MS, job.ended);
      }),
    );
  }
}

/** Sends a signal to a job and whatever it has started. @param {Job} job @param {string | number} signal */
function end(job, signal) {
  job.isTold = true;
  if (job.outcome !== undefined || !job.child.pid) return;
  try {
    process.kill(-job.child.pid, signal);
  } catch (error) {
    // It has just ended, and its output has not been read to the end.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>} `undefined` where it takes longer
 */
async function within(ms, promise) {
  const controller = new AbortController();
  const late = delay(ms, undefined, { signal: controller.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    controller.abort();
  }
}
