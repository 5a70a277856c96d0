import { fork, type ChildProcess as NodeChild } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../errors';
import type { Part, PartParams } from '../peers/part';
import type { AnswerOf, ArgumentOf, Asked, Question, Said } from './questions';

/** How long a child may take to be ready, in ms; registering ten thousand workers takes some. */
const READY_TIMEOUT_MS = 120_000;
/** How long an answer may take where the question says nothing else, in ms. */
const ANSWER_TIMEOUT_MS = 60_000;
/** How long a child has to end after it was told to, and once more after SIGTERM, in ms. */
const STOP_GRACE_MS = 2_000;
/** How long what a child wrote may still arrive after its end, in ms. */
const LAST_WORDS_MS = 20;
/** What a child wrote to standard error at the last, kept for the message of its death. */
const STDERR_TAIL_CHARS = 4_000;

/** The program of every child; it lies next to the command in dist. */
const PROGRAM = fileURLToPath(new URL('./child.js', import.meta.url));

const running = new Set<NodeChild>();
process.on('exit', killAll);

/** Ends every child at once. They hear of it: some have a server below them, which must not outlive them. */
export function killAll(): void {
  for (const child of running) child.kill('SIGTERM');
  running.clear();
}

/** Which part of which peer a child plays, and with what. */
export interface ChildSpec {
  readonly peer: string;
  readonly part: Part;
  readonly params: PartParams;
  /** Flags for its Node. */
  readonly nodeFlags?: readonly string[];
}

interface Waiter {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A child process that plays one part of one peer: a broker, a worker, a client. Its death fails whoever waits. */
export class Child {
  readonly #child: NodeChild;
  readonly #name: string;
  readonly #waiters = new Map<number, Waiter>();
  readonly #exited: Promise<void>;
  #asked = 0;
  #stderr = '';
  #stopping = false;
  #death: BenchError | undefined;
  #address = '';

  private constructor({ peer, part, params, nodeFlags = [] }: ChildSpec) {
    this.#name = `the ${part} of ${peer}`;
    this.#child = fork(PROGRAM, [JSON.stringify({ peer, part, params })], {
      execArgv: ['--expose-gc', '--enable-source-maps', ...nodeFlags],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    running.add(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    this.#child.on('message', (said: Said) => this.#hear(said));
    this.#child.on('error', (error) => this.#died(`could not be started: ${error.message}`));
    this.#exited = new Promise((resolve) => {
      // Not `close`: after a disconnect of this side it does not come.
      this.#child.on('exit', (code, signal) => {
        setTimeout(() => {
          this.#died(signal ? `was ended by ${signal}` : `ended with code ${code}`);
          resolve();
        }, LAST_WORDS_MS);
      });
    });
  }

  /** Starts a child and resolves once it says that it is ready. */
  static async start(spec: ChildSpec): Promise<Child> {
    const child = new Child(spec);
    try {
      child.#address = String(await child.#wait(0, 'did not get ready', READY_TIMEOUT_MS));
    } catch (error) {
      await child.stop();
      throw error;
    }
    return child;
  }

  /** Where the others find it, if it is a broker. */
  get address(): string {
    return this.#address;
  }

  /**
   * Asks the child a question.
   * @param patienceMs - how long the answer may take; default: a minute
   * @throws BenchError where the child dies, fails at it, or takes too long
   */
  async ask<Q extends Question>(
    question: Q,
    argument: ArgumentOf<Q>,
    patienceMs: number = ANSWER_TIMEOUT_MS,
  ): Promise<AnswerOf<Q>> {
    const id = ++this.#asked;
    const answer = this.#wait(id, `did not answer ‘${question}’`, patienceMs);
    if (!this.#death) this.#child.send({ id, question, argument } satisfies Asked);
    return (await answer) as AnswerOf<Q>;
  }

  /** Ends the child, by force where it does not go. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.connected) this.#child.disconnect();
    const ask = setTimeout(() => this.#child.kill('SIGTERM'), STOP_GRACE_MS);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 2 * STOP_GRACE_MS);
    await this.#exited;
    clearTimeout(ask);
    clearTimeout(force);
  }

  async #wait(id: number, complaint: string, patienceMs: number): Promise<unknown> {
    if (this.#death) throw this.#death;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiters.set(id, { resolve, reject });
        timer = setTimeout(() => {
          reject(new BenchError(`${this.#name} ${complaint} within ${patienceMs} ms.${this.#lastWords()}`));
        }, patienceMs);
      });
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(id);
    }
  }

  #hear(said: Said): void {
    if (said.kind === 'ready') this.#waiters.get(0)?.resolve(said.address);
    else if (said.kind === 'answer') this.#waiters.get(said.id)?.resolve(said.answer);
    else this.#waiters.get(said.id)?.reject(new BenchError(`${this.#name} failed: ${said.reason}`));
  }

  #died(how: string): void {
    running.delete(this.#child);
    this.#death ??= new BenchError(`${this.#name} ${how}.${this.#stopping ? '' : this.#lastWords()}`);
    for (const { reject } of this.#waiters.values()) reject(this.#death);
  }

  #lastWords(): string {
    const text = this.#stderr.trim();
    return text ? `\n${text}` : '';
  }
}
