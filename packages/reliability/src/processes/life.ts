import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunError } from '../errors';
import type { Exit } from './ending';
import { ended, started } from './running';

/** What a process plays, and how it and its parent talk. */
export interface Play {
  /** The one argument of the process, as JSON. */
  readonly params: object;
  /** What it says; the first word is `ready`. */
  readonly said: { readonly kind: string };
  /** What it is told. */
  readonly told: object;
}

/** How long a process may take to get ready, in ms: the machine may be loaded. */
const READY_TIMEOUT_MS = 60_000;
/** What a process wrote to standard error at the last, kept for the report of its death. */
const STDERR_TAIL_CHARS = 4_000;

/** One life of a part: a process from its start to its end. */
export class Life<Of extends Play> {
  /** Resolves, never rejects, when the process has ended. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  #ended: Exit | undefined;
  #stderr = '';

  /**
   * @param program - the script of the process, which lies next to the command in dist
   * @param name - such as `worker-3.2`
   * @param mark - found in the environment of every process of this run
   */
  constructor(
    program: string,
    readonly name: string,
    params: Of['params'],
    mark: string,
    private readonly heard: (said: Of['said']) => void,
  ) {
    this.#child = fork(fileURLToPath(new URL(`./${program}`, import.meta.url)), [JSON.stringify(params)], {
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, [MARK]: mark },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    started(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    this.#child.on('message', (said: Of['said']) => this.heard(said));
    this.exit = new Promise((resolve) => {
      const over = (exit: Exit): void => {
        ended(this.#child);
        this.#ended ??= exit;
        resolve(this.#ended);
      };
      this.#child.on('error', (error) => {
        // Also emitted when a message or signal could not be sent, which is not the end.
        if (this.#child.pid !== undefined) return;
        this.#stderr += error.message;
        over({ code: 127, signal: null });
      });
      this.#child.on('exit', (code, signal) => over({ code, signal }));
    });
  }

  /** True until it has ended. */
  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** What it wrote to standard error at the last. */
  get lastWords(): string {
    return this.#stderr.trim();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  tell(told: Of['told']): void {
    if (this.#child.connected) this.#child.send(told, () => undefined);
  }

  /**
   * Resolves once it has said that it is ready.
   * @param ready - settles when it has
   * @throws RunError where it ends before, or takes too long
   */
  async untilReady(ready: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RunError(`${this.name} was not ready within ${READY_TIMEOUT_MS} ms. ${this.lastWords}`));
      }, READY_TIMEOUT_MS);
    });
    const death = this.exit.then(({ code, signal }) => {
      throw new RunError(`${this.name} ended with ${signal ?? code} before it was ready. ${this.lastWords}`);
    });
    try {
      await Promise.race([ready, tooLate, death]);
    } finally {
      clearTimeout(timer);
      death.catch(() => undefined);
    }
  }
}

/** The variable by which processes of a run are known. */
export const MARK = 'MAJORDOMO_CHAOS_RUN';
