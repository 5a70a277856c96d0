import { InvalidBodyError } from './errors';
import { bytesOf, decodeText, EMPTY_FRAME, encodeText, type Frame } from './frame';

/** What can be sent as a body: one frame as text or bytes, or several; nothing is one empty frame. */
export type BodyInput = string | Uint8Array | readonly (string | Uint8Array)[] | Body | undefined;

/**
 * The body of a request or a reply: one frame or more, as they came off the wire.
 * It can be destructured and iterated: `const [first] = body`.
 */
export class Body implements Iterable<Frame> {
  readonly frames: readonly Frame[];

  constructor(frames: readonly Frame[]) {
    this.frames = frames;
  }

  /** How many frames. */
  get length(): number {
    return this.frames.length;
  }

  /** Bytes of all frames together. */
  get byteLength(): number {
    return bytesOf(this.frames);
  }

  [Symbol.iterator](): Iterator<Frame> {
    return this.frames[Symbol.iterator]();
  }

  /**
   * The bytes of one frame, uncopied.
   * @throws InvalidBodyError where there is no such frame
   */
  bytes(index = 0): Frame {
    const frame = this.frames[index];
    if (frame) return frame;
    throw new InvalidBodyError(`There is no frame ${index} in this body: it has ${this.frames.length}.`);
  }

  /**
   * One frame as UTF-8 text.
   * @throws InvalidBodyError where there is no such frame
   */
  text(index = 0): string {
    return decodeText(this.bytes(index));
  }

  /**
   * One frame parsed as JSON. The type is what the caller says it is: nothing checks it here.
   * @throws InvalidBodyError where there is no such frame, or it is not JSON
   */
  json<T = unknown>(index = 0): T {
    const text = this.text(index);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new InvalidBodyError(`Frame ${index} of this body is not JSON.`, { cause });
    }
  }
}

function toFrame(part: unknown): Frame {
  if (typeof part === 'string') return encodeText(part);
  if (part instanceof Uint8Array) return part;
  throw new InvalidBodyError(
    `A body is text, bytes, or a list of those, got ${part === null ? 'null' : typeof part}. ` +
      'Send objects as JSON.stringify(value).',
  );
}

/**
 * The frames of a body, at least one (RFC 7: frames 3+).
 * @throws InvalidBodyError for anything but text, bytes, a list of those, or nothing
 */
export function toFrames(input: BodyInput): readonly Frame[] {
  if (input === undefined) return [EMPTY_FRAME];
  const parts = input instanceof Body ? input.frames : input;
  if (!Array.isArray(parts)) return [toFrame(parts)];
  return parts.length === 0 ? [EMPTY_FRAME] : parts.map(toFrame);
}
