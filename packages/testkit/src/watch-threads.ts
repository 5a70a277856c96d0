import workerThreads, { type WorkerOptions } from 'node:worker_threads';

/** Worker threads that were started while watched and have not ended. */
export interface ThreadWatch {
  /** One line per live thread: what it runs. */
  live(): string[];
  /** Puts the class back. */
  stop(): void;
}

/** Watches `Worker` of `node:worker_threads`: Node lists no thread among its active resources that is unref'd. */
export function watchThreads(): ThreadWatch {
  const original = workerThreads.Worker;
  const living = new Map<workerThreads.Worker, string>();
  workerThreads.Worker = class extends original {
    constructor(filename: string | URL, options?: WorkerOptions) {
      super(filename, options);
      living.set(this, `thread ${this.threadId} with ${String(filename)}`);
      this.once('exit', () => living.delete(this));
    }
  };
  return {
    live: () => [...living.values()],
    stop: () => {
      workerThreads.Worker = original;
    },
  };
}
