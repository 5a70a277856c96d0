import { BodySize, encodeText, type Body, type Limits } from '@majordomo/protocol';

/** What goes around a plain request: header, service, and delimiter (RFC 7) or command (RFC 18). */
const envelopeOf = (service: string) => ({ frames: 3, bytes: 6 + 1 + encodeText(service).length });
/** Packed limits are those of the body alone. */
const NO_ENVELOPE = { frames: 0, bytes: 0 };

/** More than any envelope. */
const ENVELOPE_BYTES_MAX = 512;
const ENVELOPE_FRAMES_MAX = 8;

/** Bytes of UTF-8 that one UTF-16 unit takes at the most. */
const BYTES_PER_UNIT = 3;

/** Holds the bodies of requests within limits. */
export class BodyBound {
  /** A single frame of no more bytes is within the limits, whatever is around it. */
  readonly #surelyFits: number;

  /**
   * @param plain - true where the envelope of a plain dialect counts
   * @param via - whose limits they are, for the error; empty for the client's own
   */
  constructor(
    private readonly limits: Limits,
    private readonly plain: boolean,
    private readonly via = '',
  ) {
    const { framesMax, frameBytesMax, messageBytesMax } = limits;
    this.#surelyFits =
      framesMax > ENVELOPE_FRAMES_MAX ? Math.min(frameBytesMax, messageBytesMax - ENVELOPE_BYTES_MAX) : -1;
  }

  /** @throws MessageTooLargeError where a body is beyond a limit */
  check(body: Body, service: string): void {
    if (this.#isSmall(body)) return;
    const envelope = this.plain ? envelopeOf(service) : NO_ENVELOPE;
    const what = `A request to ${service}${this.via && ` by way of ${this.via}`}`;
    new BodySize(this.limits, what, envelope).add(body.frames);
  }

  #isSmall(body: Body): boolean {
    const text = body.unencoded;
    if (text !== undefined) return text.length * BYTES_PER_UNIT <= this.#surelyFits;
    return body.length === 1 && body.byteLength <= this.#surelyFits;
  }
}
