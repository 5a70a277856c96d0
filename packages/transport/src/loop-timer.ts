/** Tells how late the event loop of this thread is, by a timer that comes late. It costs one timer a period. */
export class LoopTimer {
  #ranAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param ran - told each time that it ran how late it was, in ms
   * @param now - a clock that never goes back, in ms
   */
  constructor(
    private readonly periodMs: number,
    private readonly ran: (lateMs: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  start(): void {
    this.#ranAt = this.now();
    this.#timer = setInterval(() => this.#run(), this.periodMs).unref();
  }

  #run(): void {
    const { lateMs } = this;
    this.#ranAt = this.now();
    this.ran(lateMs);
  }

  /** How late it is now, in ms; 0 where it is not, or does not run. */
  get lateMs(): number {
    return this.#timer === undefined ? 0 : Math.max(0, this.now() - this.#ranAt - this.periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
