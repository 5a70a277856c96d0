import { LinkedList } from './linked-list';
import type { WorkerRecord } from './records';

/** The intervals that liveness goes by, all in ms. */
export interface LivenessSettings {
  readonly heartbeatMs: number;
  /** How long a worker whose silence counts may be silent. */
  readonly silenceMs: number;
  /** How long a busy worker that cannot heartbeat may be silent. */
  readonly jobDeadlineMs: number;
}

/**
 * Who has been silent for too long, and who is due a heartbeat.
 *
 * Workers that cannot heartbeat while they work (single-threaded ones of the zguide) are excused while
 * they are busy: only the job deadline counts. A worker that has once been seen heartbeating at work is
 * held to it from then on, and a packed one always. Each list is in the order of its clock, so a tick looks at due workers only.
 */
export class Liveness {
  /** Workers whose silence counts, longest silent first. */
  readonly #attentive = new LinkedList<WorkerRecord>();
  /** Busy workers that are excused, longest silent first. */
  readonly #excused = new LinkedList<WorkerRecord>();
  /** Every worker, the one sent to longest ago first. */
  readonly #beats = new LinkedList<WorkerRecord>();

  constructor(private readonly settings: LivenessSettings) {}

  add(worker: WorkerRecord): void {
    this.#watchList(worker).append(worker.watchNode);
    this.#beats.append(worker.beatNode);
  }

  remove(worker: WorkerRecord): void {
    worker.watchNode.remove();
    worker.beatNode.remove();
  }

  #watchList(worker: WorkerRecord): LinkedList<WorkerRecord> {
    return worker.held.size > 0 && !worker.heartbeatsWhileBusy ? this.#excused : this.#attentive;
  }

  /** The worker said something: its silence starts anew. */
  seen(worker: WorkerRecord, now: number): void {
    worker.lastSeenAt = now;
    this.#watch(worker, now);
  }

  /**
   * The worker sent a heartbeat. It counts as one sent at work only a whole interval after the dispatch:
   * before that it may have crossed the request on its way.
   */
  heartbeat(worker: WorkerRecord, now: number): void {
    const atWork = worker.held.size > 0 && now - worker.dispatchedAt >= this.settings.heartbeatMs;
    if (atWork) worker.heartbeatsWhileBusy = true;
    this.seen(worker, now);
  }

  /** The worker was given a request: where that excuses it, the job deadline starts. */
  dispatched(worker: WorkerRecord, now: number): void {
    worker.dispatchedAt = now;
    if (!worker.heartbeatsWhileBusy) this.#watch(worker, now);
  }

  #watch(worker: WorkerRecord, now: number): void {
    worker.watchedSince = now;
    this.#watchList(worker).append(worker.watchNode);
  }

  /** Something was sent to the worker: no heartbeat is due for an interval. */
  sent(worker: WorkerRecord, now: number): void {
    worker.lastSentAt = now;
    this.#beats.append(worker.beatNode);
  }

  /** The next worker that is given up for its silence, or `undefined`; all of them, when asked repeatedly. */
  nextSilent(now: number): { worker: WorkerRecord; reason: 'silent' | 'job_deadline' } | undefined {
    const attentive = this.#attentive.first;
    if (attentive && now - attentive.watchedSince >= this.settings.silenceMs) {
      return { worker: attentive, reason: 'silent' };
    }
    const excused = this.#excused.first;
    if (excused && now - excused.watchedSince >= this.settings.jobDeadlineMs) {
      return { worker: excused, reason: 'job_deadline' };
    }
    return undefined;
  }

  /** The next worker that is due a heartbeat, or `undefined`. */
  nextDueHeartbeat(now: number): WorkerRecord | undefined {
    const worker = this.#beats.first;
    return worker && now - worker.lastSentAt >= this.settings.heartbeatMs ? worker : undefined;
  }
}
