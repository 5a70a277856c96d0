import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunError } from '../errors';
import { ended, isRunning, started } from '../processes/running';
import type { PartParams, StatsOf } from './parts/part';

/** How long a child may take to be ready, or to tell of itself, in ms: ten thousand connections take some. */
const PATIENCE_MS = 120_000;
/** What a child wrote to standard error at the last, kept for the message of its death. */
const STDERR_TAIL_CHARS = 4_000;

/** The program of every child; it lies next to the command in dist. */
const PROGRAM = fileURLToPath(new URL('./overload-child.js', import.meta.url));

interface Waiter {
  readonly resolve: (stats: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process that plays a part. */
export class PartProcess<Part extends PartParams['part']> {
  readonly #child: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  readonly #exited: Promise<void>;
  #asked = 0;
  #stderr = '';
  #endpoint = '';

  private constructor(private readonly params: PartParams & { readonly part: Part }) {
    this.#child = fork(PROGRAM, [JSON.stringify(params)], {
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    started(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    this.#child.on('message', ({ id, stats }: { id: number; stats: unknown }) => {
      this.#waiters.get(id)?.resolve(stats);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        ended(this.#child);
        const error = new RunError(`The ${params.part} ended with ${signal ?? code}. ${this.#stderr}`.trim());
        for (const { reject } of this.#waiters.values()) reject(error);
        resolve();
      });
    });
  }

  /**
   * Starts a process and resolves once it plays.
   * @throws RunError where it does not
   */
  static async start<Part extends PartParams['part']>(
    params: PartParams & { readonly part: Part },
  ): Promise<PartProcess<Part>> {
    const part = new PartProcess<Part>(params);
    part.#endpoint = String(await part.#wait(0));
    return part;
  }

  /** Where the others find it, if it is a broker. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** True while it lives. */
  get isAlive(): boolean {
    return isRunning(this.#child);
  }

  /**
   * What it has to tell.
   * @throws RunError where it has ended, or takes too long
   */
  async stats(): Promise<StatsOf[Part]> {
    const id = ++this.#asked;
    const answer = this.#wait(id);
    if (this.#child.connected) this.#child.send(id);
    return (await answer) as StatsOf[Part];
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #wait(id: number): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiters.set(id, { resolve, reject });
        if (!this.isAlive) reject(new RunError(`The ${this.params.part} has ended. ${this.#stderr}`.trim()));
        const late = `The ${this.params.part} did not answer within ${PATIENCE_MS} ms.`;
        timer = setTimeout(() => reject(new RunError(late)), PATIENCE_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(id);
    }
  }
}
