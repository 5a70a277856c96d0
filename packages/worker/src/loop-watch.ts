import { LoopTimer } from '@majordomo/transport';

/** Looks so often within an interval whether the event loop turns. */
const LOOKS_PER_INTERVAL = 4;

/**
 * Finds out whether the event loop of this thread stood still for longer than an interval: by a timer that comes late.
 * It tells so once for blocks that follow each other with less than an interval between them. It costs a few timers
 * per interval, and nothing per request.
 */
export class LoopWatch {
  readonly #intervalMs: number;
  readonly #timer: LoopTimer;
  readonly #blocked: (blockedMs: number) => void;
  /** Looks in time since the last block. */
  #calmLooks = 0;

  /** @param blocked - told for how long at least the loop stood still, in ms */
  constructor(intervalMs: number, blocked: (blockedMs: number) => void) {
    this.#intervalMs = intervalMs;
    this.#blocked = blocked;
    const periodMs = Math.max(1, Math.floor(intervalMs / LOOKS_PER_INTERVAL));
    this.#timer = new LoopTimer(periodMs, (lateMs) => this.#look(lateMs));
  }

  start(): void {
    this.#calmLooks = LOOKS_PER_INTERVAL;
    this.#timer.start();
  }

  stop(): void {
    this.#timer.stop();
  }

  #look(lateMs: number): void {
    if (lateMs <= this.#intervalMs) {
      this.#calmLooks++;
      return;
    }
    const isNew = this.#calmLooks >= LOOKS_PER_INTERVAL;
    this.#calmLooks = 0;
    if (isNew) this.#blocked(Math.round(lateMs));
  }
}
