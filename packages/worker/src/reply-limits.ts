import {
  BodySize,
  NO_ALLOWANCE,
  type Allowance,
  type Body,
  type Limits,
  type Welcome,
} from '@majordomo/protocol';

/** What one reply may hold. */
export class ReplyLimits {
  readonly #limits: Limits;
  readonly #envelope: Allowance;
  readonly #framesMax: number;
  readonly #bytesMax: number;

  /** @param envelope - what goes around a body, within the limits of a message */
  constructor(limits: Limits, envelope: Allowance) {
    this.#limits = limits;
    this.#envelope = envelope;
    this.#framesMax = limits.framesMax - envelope.frames;
    this.#bytesMax = Math.min(limits.frameBytesMax, limits.messageBytesMax - envelope.bytes);
  }

  /** The limits of a packed session, for each body: our own and the broker's. */
  static packed(own: Limits, welcome: Welcome): ReplyLimits {
    const limits = {
      framesMax: Math.min(own.framesMax, welcome.framesMax),
      frameBytesMax: Math.min(own.frameBytesMax, welcome.frameBytesMax),
      messageBytesMax: Math.min(own.messageBytesMax, welcome.messageBytesMax),
    };
    return new ReplyLimits(limits, NO_ALLOWANCE);
  }

  /** @throws MessageTooLargeError where the body is beyond a limit */
  check(body: Body): void {
    if (!this.#surelyHolds(body)) this.gather().add(body.frames);
  }

  /** Adds up what is gathered into one reply. */
  gather(): BodySize {
    return new BodySize(this.#limits, 'A reply', this.#envelope);
  }

  /** A look from outside: text is not encoded for it, no frame is looked at. */
  #surelyHolds(body: Body): boolean {
    const text = body.unencoded;
    if (text !== undefined) return this.#framesMax >= 1 && text.length * 3 <= this.#bytesMax;
    return body.length <= this.#framesMax && body.byteLength <= this.#bytesMax;
  }
}
