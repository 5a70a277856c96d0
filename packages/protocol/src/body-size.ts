import { MessageTooLargeError } from './errors';
import { bytesOf, type Frame } from './frame';
import { ENVELOPE, type Allowance, type Limits } from './limits';

/**
 * Adds up the frames of one body and holds it within the limits of a message, what MDP puts around it
 * included. A peer drops a larger message and says nothing, and somebody would wait for nothing.
 */
export class BodySize {
  #frames = 0;
  #bytes = 0;

  /**
   * @param limits - of the message
   * @param what - names the body in the error, such as `A reply`
   * @param envelope - what goes around the body; the largest there is, unless it is known
   */
  constructor(
    private readonly limits: Limits,
    private readonly what: string,
    private readonly envelope: Allowance = ENVELOPE,
  ) {}

  /** @throws MessageTooLargeError where the body, these frames included, is beyond a limit */
  add(frames: readonly Frame[]): void {
    const framesMax = this.limits.framesMax - this.envelope.frames;
    const bytesMax = this.limits.messageBytesMax - this.envelope.bytes;
    const { frameBytesMax } = this.limits;
    this.#frames += frames.length;
    this.#bytes += bytesOf(frames);
    if (this.#frames > framesMax) this.#refuse(`${this.#frames} frames`, framesMax);
    if (this.#bytes > bytesMax) this.#refuse(`${this.#bytes} bytes`, bytesMax);
    for (const { length } of frames) {
      if (length > frameBytesMax) this.#refuse(`${length} bytes in one frame`, frameBytesMax);
    }
  }

  #refuse(size: string, most: number): never {
    throw new MessageTooLargeError(`${this.what} of ${size}: at most ${most} (limits).`);
  }
}
