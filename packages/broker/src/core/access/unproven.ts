import type { Challenge, Dialect, WorkerReady } from '@majordomo/protocol';
import type { PeerId } from '../records';

/** A worker that said READY, and has been asked to prove its key. */
export interface UnprovenWorker {
  readonly peer: PeerId;
  readonly dialect: Dialect;
  readonly challenge: Challenge;
  /** What it registers with; CREDIT may change that. */
  readonly ready: WorkerReady;
  /** Since when, in ms. */
  readonly since: number;
}

/** The workers whose proof is awaited, in the order in which they came. */
export class UnprovenWorkers {
  readonly #table = new Map<PeerId, UnprovenWorker>();

  get size(): number {
    return this.#table.size;
  }

  get(peer: PeerId): UnprovenWorker | undefined {
    return this.#table.get(peer);
  }

  add(worker: UnprovenWorker): void {
    this.#table.set(worker.peer, worker);
  }

  remove(peer: PeerId): void {
    this.#table.delete(peer);
  }

  [Symbol.iterator](): Iterator<UnprovenWorker> {
    return this.#table.values();
  }
}
