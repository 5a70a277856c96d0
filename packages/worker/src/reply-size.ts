import { bytesOf, MessageTooLargeError, type Frame, type Limits } from '@majordomo/protocol';

/** Frames that MDP puts around a body at the most: MDP/0.1 between worker and broker. */
const ENVELOPE_FRAMES = 5;
/** Bytes of these at the most: header, command, and a client address or service name. */
const ENVELOPE_BYTES = 6 + 1 + 255;

/** Adds up the frames of one reply and holds it within the limits of a message, envelope included. */
export class ReplySize {
  readonly #limits: Limits;
  #frames = ENVELOPE_FRAMES;
  #bytes = ENVELOPE_BYTES;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** @throws MessageTooLargeError where the reply, these frames included, is beyond a limit */
  add(frames: readonly Frame[]): void {
    const { framesMax, frameBytesMax, messageBytesMax } = this.#limits;
    this.#frames += frames.length;
    this.#bytes += bytesOf(frames);
    if (this.#frames > framesMax) {
      throw new MessageTooLargeError(
        `A reply of ${this.#frames} frames, ${ENVELOPE_FRAMES} of them MDP's own: at most ${framesMax}.`,
      );
    }
    if (this.#bytes > messageBytesMax) {
      throw new MessageTooLargeError(
        `A reply of ${this.#bytes} bytes, ${ENVELOPE_BYTES} of them MDP's own: at most ${messageBytesMax}.`,
      );
    }
    const large = frames.find((frame) => frame.length > frameBytesMax);
    if (large) {
      throw new MessageTooLargeError(
        `A reply with a frame of ${large.length} bytes: at most ${frameBytesMax}.`,
      );
    }
  }
}
