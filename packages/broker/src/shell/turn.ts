/** What was heard leads to something after so many messages at the latest, and after so many commands. */
const MESSAGES_AT_ONCE_MAX = 64;
const COMMANDS_AT_ONCE_MAX = 2_048;

/**
 * One turn of the event loop: everything that comes in it is heard before what waits is given out, and before anything
 * leaves. Where very much comes, that is done in between, too.
 */
export class Turn {
  #ending = false;
  #messages = 0;
  #commands = 0;

  /** @param settled - gives out what waits, and has leave what was said */
  constructor(private readonly settled: () => void) {}

  /**
   * A message was heard.
   * @param commands - how many commands were in it; none where they need not be counted
   */
  heard(commands: number): void {
    this.endLater();
    this.#commands += commands;
    if (++this.#messages >= MESSAGES_AT_ONCE_MAX || this.#commands >= COMMANDS_AT_ONCE_MAX) this.end();
  }

  /** There is something to settle: that is done once all of this turn was heard. */
  endLater(): void {
    if (this.#ending) return;
    this.#ending = true;
    process.nextTick(this.#endOnTick);
  }

  readonly #endOnTick = (): void => {
    this.#ending = false;
    this.end();
  };

  /** Settles what was heard so far. */
  end(): void {
    this.#messages = 0;
    this.#commands = 0;
    this.settled();
  }
}
