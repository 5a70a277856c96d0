import { Body, type Frame, type Limits } from '@majordomo/protocol';

/** What came of one reply before its FINAL, and how much more of it the other side may send. */
export class Partials {
  /** PARTIALs that may come before another WINDOW; in plain dialects nobody counts them. */
  windowLeft: number;
  /** PARTIALs that were read since the last WINDOW. */
  readSinceGrant = 0;
  /** True while the reader of a stream is behind, and its clock stands. */
  paused = false;
  readonly #frames: Frame[] = [];
  #bytes = 0;

  constructor(readonly window: number) {
    this.windowLeft = window;
  }

  /** Keeps the frames of a reply that comes in parts; false where they are more than one message may hold. */
  gather(body: Body, { framesMax, messageBytesMax }: Limits): boolean {
    for (const frame of body.frames) {
      this.#frames.push(frame);
      this.#bytes += frame.length;
    }
    return this.#frames.length <= framesMax && this.#bytes <= messageBytesMax;
  }

  /** All that was gathered. */
  get body(): Body {
    return new Body(this.#frames);
  }

  /** One PARTIAL more was read: how many the other side may be granted now, 0 until it is worth a message. */
  read(): number {
    const more = ++this.readSinceGrant;
    if (more * 2 < this.window) return 0;
    this.readSinceGrant = 0;
    this.windowLeft += more;
    return more;
  }
}
