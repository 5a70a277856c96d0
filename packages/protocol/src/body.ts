import { InvalidBodyError } from './errors';
import { bytesOf, copyOf, decodeText, EMPTY_FRAME, encodeText, type Frame } from './frame';
import { readU16, readU32 } from './integers';
import { APART_FLAG } from './packed/layout';

/** What can be sent as a body: one frame as text or bytes, or several; nothing is one empty frame. */
export type BodyInput = string | Uint8Array | readonly (string | Uint8Array)[] | Body | undefined;

/** What takes the section of a packed body as it is. */
export interface SectionSink {
  /** @param apart - the frames of the section that travel beside it */
  section(source: Uint8Array, start: number, end: number, apart: readonly Frame[]): void;
}

/** A body that takes less than one in so many bytes of what it came in does not keep that alive once it is read. */
const COPY_BELOW_SHARE = 4;

/**
 * The body of a request or a reply: one frame or more, as they came off the wire.
 * It can be destructured and iterated: `const [first] = body`.
 *
 * A body is kept as it came: frames of a plain dialect, a section of a packed message, or text that nobody has
 * encoded yet. The packed dialect passes a section on without looking inside, so a request that nobody reads costs
 * no more than its bytes.
 */
export class Body implements Iterable<Frame> {
  #frames: readonly Frame[] | undefined;
  readonly #text: string | undefined;
  /** The message that the section `#start`–`#end` is in; docs/PROTOCOL.md, "Body". */
  #source: Uint8Array | undefined;
  #start: number;
  #end: number;
  /** The frames of a section that travel beside it, in order. */
  #apart: readonly Frame[];

  constructor(
    frames: readonly Frame[] | undefined,
    text?: string,
    source?: Uint8Array,
    start = 0,
    end = 0,
    apart: readonly Frame[] = NONE,
  ) {
    this.#frames = frames;
    this.#text = text;
    this.#source = source;
    this.#start = start;
    this.#end = end;
    this.#apart = apart;
  }

  /**
   * The body that an input stands for, at least one frame (RFC 7: frames 3+).
   * @throws InvalidBodyError for anything but text, bytes, a list of those, or nothing
   */
  static of(input: BodyInput): Body {
    if (typeof input === 'string') return new Body(undefined, input);
    if (input instanceof Body && input.length > 0) return input;
    return new Body(toFrames(input));
  }

  /**
   * The body in a section of a packed message, whose layout has been checked.
   * @param apart - the frames of the section that travel beside it
   */
  static packed(source: Uint8Array, start: number, end: number, apart: readonly Frame[] = NONE): Body {
    return new Body(undefined, undefined, source, start, end, apart);
  }

  /** The frames. */
  get frames(): readonly Frame[] {
    this.#frames ??= this.#text === undefined ? this.#readSection() : [encodeText(this.#text)];
    return this.#frames;
  }

  /** How many frames. */
  get length(): number {
    if (this.#frames) return this.#frames.length;
    return this.#source ? readU16(this.#source, this.#start) : 1;
  }

  /** Bytes of all frames together. */
  get byteLength(): number {
    if (!this.#frames && this.#source) {
      const inline = this.#end - this.#start - 2 - 4 * this.length;
      return this.#apart.length === 0 ? inline : inline + bytesOf(this.#apart);
    }
    return bytesOf(this.frames);
  }

  /** The text where the body is one that has not been encoded, for an encoder that writes it in place. */
  get unencoded(): string | undefined {
    return this.#frames ? undefined : this.#text;
  }

  /** Hands the section to a sink that takes it as it is; false where the body is kept in another way. */
  copySection(sink: SectionSink): boolean {
    if (!this.#source) return false;
    sink.section(this.#source, this.#start, this.#end, this.#apart);
    return true;
  }

  /** Moves the section into memory of its own, so that it does not keep alive the message that it came in. */
  detach(): void {
    if (!this.#source || this.#end - this.#start === this.#source.length) return;
    this.#source = copyOf(this.#source, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  [Symbol.iterator](): Iterator<Frame> {
    return this.frames[Symbol.iterator]();
  }

  /**
   * The bytes of one frame.
   * @throws InvalidBodyError where there is no such frame
   */
  bytes(index = 0): Frame {
    const frame = this.frames[index];
    if (frame) return frame;
    throw new InvalidBodyError(`There is no frame ${index} in this body: it has ${this.length}.`);
  }

  /**
   * One frame as UTF-8 text.
   * @throws InvalidBodyError where there is no such frame
   */
  text(index = 0): string {
    if (index === 0 && this.#text !== undefined) return this.#text;
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

  #readSection(): readonly Frame[] {
    const source = this.#source;
    if (!source) return [EMPTY_FRAME];
    if ((this.#end - this.#start) * COPY_BELOW_SHARE < source.length) this.detach();
    return readSection(this.#source ?? source, this.#start, this.#apart);
  }
}

const NONE: readonly Frame[] = Object.freeze([]);

/** The frames of a section whose layout has been checked. */
function readSection(source: Uint8Array, start: number, apart: readonly Frame[]): readonly Frame[] {
  const count = readU16(source, start);
  const frames: Frame[] = [];
  let nextApart = 0;
  let at = start + 2 + 4 * count;
  for (let index = 0; index < count; index++) {
    const length = readU32(source, start + 2 + 4 * index);
    if (length >= APART_FLAG) {
      frames.push(apart[nextApart++] ?? EMPTY_FRAME);
    } else {
      frames.push(source.subarray(at, at + length));
      at += length;
    }
  }
  return frames;
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
  if (input instanceof Body) return toFrames(input.frames);
  if (!Array.isArray(input)) return [toFrame(input)];
  return input.length === 0 ? [EMPTY_FRAME] : input.map(toFrame);
}
