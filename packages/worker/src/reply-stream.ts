import { Body, toFrames, type BodyInput, type BodySize, type Frame } from '@majordomo/protocol';

/** Where the replies of a stream go. */
export interface StreamSink {
  /** True once nobody wants them any more. */
  readonly aborted: boolean;
  /** Replies before the last that may be sent now. */
  readonly window: number;
  /**
   * Sends one reply before the last; where it should not be followed at once, a promise to wait for.
   * @throws MajordomoError where it is no body or too large
   */
  partial(reply: BodyInput): Promise<void> | undefined;
}

/**
 * Draws the replies of one handler out of its async iterable, no faster than they are wanted.
 * Once it is stopped, no more is asked of the iterable, and it is told to `return`.
 */
export class ReplyStream {
  readonly #iterator: AsyncIterator<BodyInput, BodyInput | void>;
  readonly #sink: StreamSink;
  /** Where the dialect has no PARTIAL: all replies, to be sent as one. */
  readonly #gathered: Gathered | undefined;
  #stopped: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;

  /** @param size - given where all replies are to be gathered into the last */
  constructor(
    iterable: AsyncIterable<BodyInput, BodyInput | void>,
    sink: StreamSink,
    size: BodySize | undefined,
  ) {
    this.#iterator = iterable[Symbol.asyncIterator]();
    this.#sink = sink;
    this.#gathered = size && new Gathered(size);
  }

  /**
   * The last reply, once those before it are sent; nothing of use where the stream was stopped.
   * Rejects with what the iterable throws, and where one of its replies cannot be sent.
   */
  async run(): Promise<BodyInput> {
    for (;;) {
      while (this.#sink.window === 0 && !this.#sink.aborted) await this.#widened();
      if (this.#sink.aborted) {
        await this.stop();
        return undefined;
      }
      const step = await this.#iterator.next();
      if (step.done) return this.#last(step.value ?? undefined);
      if (this.#sink.aborted) continue;
      let room: Promise<void> | undefined;
      try {
        room = this.#pass(step.value);
      } catch (error) {
        await this.stop();
        throw error;
      }
      if (room) await room;
    }
  }

  #pass(reply: BodyInput): Promise<void> | undefined {
    if (!this.#gathered) return this.#sink.partial(reply);
    this.#gathered.add(reply);
    return undefined;
  }

  #last(returned: BodyInput): BodyInput {
    return this.#gathered ? this.#gathered.withLast(returned) : returned;
  }

  async #widened(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  /** The window has changed, or the sink is aborted. */
  wake(): void {
    this.#wake?.();
  }

  /** Tells the iterable that no more is wanted, once. Resolves when it has cleaned up. */
  async stop(): Promise<void> {
    this.wake();
    this.#stopped ??= this.#return();
    await this.#stopped;
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator.return?.();
    } catch {
      // Nobody waits for the stream any more: what goes wrong in its clean-up is of no use to anyone.
    }
  }
}

/** Replies that leave as one. */
class Gathered {
  readonly #frames: Frame[] = [];
  readonly #size: BodySize;

  constructor(size: BodySize) {
    this.#size = size;
  }

  /** @throws MessageTooLargeError where all of them are beyond a limit */
  add(reply: BodyInput): void {
    const frames = toFrames(reply);
    this.#size.add(frames);
    this.#frames.push(...frames);
  }

  /** All of them and the last; that alone where there are none, and without it where it is nothing. */
  withLast(returned: BodyInput): BodyInput {
    if (this.#frames.length === 0) return returned;
    if (returned !== undefined) this.add(returned);
    return new Body(this.#frames);
  }
}
