import {
  ClosedError,
  InvalidHandlerError,
  type MajordomoError,
  type ThreadCrashedError,
} from '@majordomo/protocol';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MessagePort, type ResourceLimits, type Worker as Thread } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { Handler } from '../handler';
import { fromFault } from './fault';
import type { FromThread, LoadTask, Outcome, ThreadData, ToThread } from './messages';
import { threadEntry } from './thread-entry';
import { ThreadTask, type TaskHost } from './thread-task';

/** What a pool goes by. */
export interface ThreadPoolSettings {
  readonly service: string;
  /** The URL of a file whose default export is the handler. */
  readonly handlerFile: URL;
  readonly threads: number;
  readonly abortGraceMs: number;
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** Who is told what becomes of the threads. */
export interface ThreadWatcher {
  /** A thread is gone, whatever ended it. */
  lost(): void;
  /** A thread ended by itself, with or without a request; another takes its place. */
  crashed(error: unknown): void;
  /** A thread is ended because its handler went on after its signal had fired; another takes its place. */
  terminated(): void;
}

/** How long the threads may take to load the handler file at the start, in ms. */
const LOAD_MAX_MS = 60_000;

/** How long `close` waits for threads to end: code that is not JavaScript cannot be interrupted. In ms. */
const EXIT_MAX_MS = 5_000;

/**
 * Runs a handler in threads, one request in each at a time. Requests beyond the threads wait here, so nothing queues
 * up in the pool below but what waits for a thread that is being made.
 */
export class ThreadPool implements TaskHost {
  readonly service: string;
  readonly abortGraceMs: number;
  readonly #settings: ThreadPoolSettings;
  readonly #watcher: ThreadWatcher;
  readonly #aborted: Int32Array;
  /** Places that are free; there is one for each thread. */
  readonly #free: number[];
  readonly #waiting = new Set<ThreadTask>();
  /** Tasks that wait, or are in a thread, by their ids. */
  readonly #tasks = new Map<number, ThreadTask>();
  /** Those who wait for a thread to have loaded the handler, by the ids of the tasks for it. */
  readonly #loads = new Map<number, { loaded(): void; failed(error: InvalidHandlerError): void }>();
  readonly #links = new Set<MessagePort>();
  /** Threads that have not ended. */
  readonly #living = new Set<Thread>();
  #piscina: Piscina | undefined;
  /** True once threads end because nobody needs them any more. */
  #piscinaCloses = false;
  #lastId = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: ThreadPoolSettings, watcher: ThreadWatcher) {
    this.service = settings.service;
    this.abortGraceMs = settings.abortGraceMs;
    this.#settings = settings;
    this.#watcher = watcher;
    this.#aborted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * settings.threads));
    this.#free = Array.from({ length: settings.threads }, (_, place) => place);
  }

  /**
   * Makes the threads and has each load the handler.
   * @throws InvalidHandlerError where one of them cannot, or takes longer than a minute
   * @throws ClosedError where the pool was closed meanwhile
   */
  async open(): Promise<void> {
    const { handlerFile, threads, resourceLimits } = this.#settings;
    await requireFile(handlerFile);
    const { default: Piscina } = await import('piscina');
    if (this.#closing) throw closedEarly();
    const workerData: ThreadData = { handlerFile: handlerFile.href, aborted: this.#aborted };
    const piscina = new Piscina({
      filename: threadEntry(),
      workerData,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Infinity,
      maxQueue: threads,
      // With atomics, the event loop of an idle thread stands still, and with it whatever the handler file keeps alive.
      atomics: 'disabled',
      recordTiming: false,
      ...(resourceLimits && { resourceLimits }),
    });
    this.#piscina = piscina;
    piscina.on('message', (message: unknown) => {
      const link = linkIn(message);
      if (link) this.#linked(link);
    });
    piscina.on('error', (error: unknown) => this.#watcher.crashed(error));
    this.#watchThreads(piscina);
    try {
      await this.#load(piscina);
    } finally {
      this.#tellAll({ kind: 'release' });
    }
  }

  async #load(piscina: Piscina): Promise<void> {
    const late = new InvalidHandlerError(
      `The handler file ${this.#settings.handlerFile.href} was not loaded within ${LOAD_MAX_MS / 1_000} s: ` +
        'does it wait for something at its top level?',
    );
    const timer = setTimeout(() => {
      for (const load of this.#loads.values()) load.failed(late);
    }, LOAD_MAX_MS);
    try {
      await Promise.all(Array.from({ length: this.#settings.threads }, () => this.#loadOne(piscina)));
    } finally {
      clearTimeout(timer);
      this.#loads.clear();
    }
    if (this.#closing) throw closedEarly();
  }

  #loadOne(piscina: Piscina): Promise<void> {
    const task: LoadTask = { kind: 'load', id: this.#nextId() };
    return new Promise((resolve, reject) => {
      this.#loads.set(task.id, { loaded: resolve, failed: reject });
      piscina.run(task).catch((cause: unknown) => {
        if (this.#closing) return reject(closedEarly());
        const why = cause instanceof Error ? cause.message : String(cause);
        reject(
          new InvalidHandlerError(
            `A thread ended while it loaded the handler file ${this.#settings.handlerFile.href}: ${why}`,
            { cause },
          ),
        );
      });
    });
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 0x7fffffff) + 1;
    return this.#lastId;
  }

  /** Each thread says first how it can be reached while it is at work. */
  #linked(link: MessagePort): void {
    this.#links.add(link);
    const tell = (message: ToThread): void => link.postMessage(message);
    link.on('message', (message: FromThread) => this.#hear(message, tell));
    link.on('close', () => this.#links.delete(link));
    link.unref();
    if (this.#piscina) this.#watchThreads(this.#piscina);
    for (const { aborted } of this.#tasks.values()) if (aborted) tell(aborted);
  }

  #hear(message: FromThread, tell: (message: ToThread) => void): void {
    const load = this.#loads.get(message.id);
    if (!load) {
      this.#tasks.get(message.id)?.hear(message, tell);
    } else if (message.kind === 'loaded') {
      load.loaded();
    } else if (message.kind === 'unloadable') {
      const { message: why, cause } = fromFault(message.fault) as Error;
      load.failed(new InvalidHandlerError(why, { cause }));
    }
  }

  #tellAll(message: ToThread): void {
    for (const link of this.#links) link.postMessage(message);
  }

  #watchThreads(piscina: Piscina): void {
    for (const thread of piscina.threads) {
      if (this.#living.has(thread)) continue;
      this.#living.add(thread);
      thread.once('exit', () => {
        this.#living.delete(thread);
        if (!this.#piscinaCloses) this.#watcher.lost();
      });
    }
  }

  /** The handler, as far as the worker is concerned. */
  readonly serve: Handler = (request, context) => {
    if (this.#closing) throw new ClosedError('The threads of this worker are closed.');
    context.signal.throwIfAborted();
    const task = new ThreadTask(this, this.#nextId(), request, context);
    this.#tasks.set(task.id, task);
    this.#waiting.add(task);
    this.#fill();
    return task.result as Promise<undefined>;
  };

  /** Gives free places to those who wait, first come, first served. */
  #fill(): void {
    for (const task of this.#waiting) {
      const place = this.#free.pop();
      if (place === undefined) return;
      this.#waiting.delete(task);
      this.#run(task, place);
    }
  }

  #run(task: ThreadTask, place: number): void {
    const transferList: ArrayBuffer[] = [];
    const run = this.#piscina?.run(task.send(place, transferList), { transferList, signal: task.killer });
    const left = (): void => {
      this.#tasks.delete(task.id);
      this.#free.push(place);
      this.#fill();
    };
    run?.then(
      (outcome: Outcome) => {
        task.ended(outcome);
        left();
      },
      (error: unknown) => {
        task.crashed(error);
        left();
      },
    );
  }

  giveUp(task: ThreadTask): void {
    this.#waiting.delete(task);
    this.#tasks.delete(task.id);
  }

  abort(task: ThreadTask, place: number, reason: MajordomoError): void {
    this.#tellAll({ kind: 'abort', id: task.id, code: reason.code, message: reason.message });
    Atomics.store(this.#aborted, place, task.id);
  }

  crashed(error: ThreadCrashedError): void {
    this.#watcher.crashed(error);
  }

  terminated(): void {
    this.#watcher.terminated();
  }

  /** Aborts what is in the threads, gives it `abortGraceMs` to end, and ends the threads. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    for (const task of tasks) task.abort(new ClosedError('The worker was closed.'));
    await Promise.all(tasks.map(({ over }) => over));
    if (!this.#piscina) return;
    this.#piscinaCloses = true;
    const ended = this.#endThreads(this.#piscina).catch((error: unknown) => this.#watcher.crashed(error));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, EXIT_MAX_MS);
    });
    await Promise.race([ended, late]);
    clearTimeout(timer);
    for (const link of this.#links) link.close();
  }

  /**
   * Resolves once no thread is left. One that was ended for its task exits when it can, which may be after those that
   * were idle; the pool below, its end behind it by then, takes that for a crash and puts another in its place.
   */
  async #endThreads(piscina: Piscina): Promise<void> {
    for (this.#watchThreads(piscina); this.#living.size > 0; this.#watchThreads(piscina)) {
      const exits = [...this.#living].map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
      await piscina.destroy();
      await Promise.all(exits);
    }
  }
}

function closedEarly(): ClosedError {
  return new ClosedError('The worker was closed before its threads had loaded the handler file.');
}

/** The link that a thread says it can be reached by. What a handler posts to its parent is none, and means nothing here. */
function linkIn(message: unknown): MessagePort | undefined {
  if (typeof message !== 'object' || message === null || !('link' in message)) return undefined;
  return message.link instanceof MessagePort ? message.link : undefined;
}

/** @throws InvalidHandlerError where it is not there, which is better said than by a thread that cannot import it */
async function requireFile(file: URL): Promise<void> {
  try {
    await access(fileURLToPath(file));
  } catch (cause) {
    throw new InvalidHandlerError(
      `There is no handler file ${fileURLToPath(file)}, or it cannot be read. A relative path is looked for in the ` +
        "working directory; new URL('./handler.mjs', import.meta.url) stands for a file beside the program.",
      { cause },
    );
  }
}
