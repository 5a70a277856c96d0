import { InvalidOptionsError } from './errors';
import { decodeText, encodeText, type Frame } from './frame';
import { readU16, readU32 } from './integers';
import type { Limits } from './limits';
import { NONCE_BYTES } from './packed/layout';

/** Attributes that this revision knows, by their number (docs/PROTOCOL.md, "Attributes"). */
const CONTENT_TYPE = 0x01;
const TRACEPARENT = 0x02;
const WAITED = 0x03;
/** Its type, its length, and 32 bits. */
const WAITED_BYTES = 7;
const U32_MAX = 0xffff_ffff;
const LIMITS = 0x10;
/** framesMax, frameBytesMax and messageBytesMax. */
const LIMITS_BYTES = 12;
const CHALLENGE = 0x11;

/** Bytes of all attributes of one record at the most. */
export const METADATA_BYTES_MAX = 4_096;

/** What a broker gives a peer to prove its key with: valid for one session, and for one proof in it. */
export interface Challenge {
  /** {@link NONCE_BYTES} that nobody could know before. */
  readonly nonce: Frame;
  /** The routing id of the peer as the broker's ROUTER has it, 1 to 255 bytes. */
  readonly routingId: Frame;
}

/** What can be said about a body beside its frames. */
export interface MetadataFields {
  /** What the body is, such as `application/json` (RFC 9110, "Content-Type"). */
  readonly contentType?: string | undefined;
  /** The trace that a request belongs to (W3C Trace Context, "traceparent"). */
  readonly traceparent?: string | undefined;
  /** Of READY: what a body that the worker is sent may hold. */
  readonly limits?: Limits | undefined;
}

/**
 * What a request or reply says about itself: attributes, kept as they came, so that those of a later revision
 * pass through. Only the packed dialect carries them.
 */
export class Metadata implements MetadataFields {
  /** @param bytes - attributes whose layout has been checked */
  constructor(readonly bytes: Frame) {}

  /**
   * The attributes for some fields.
   * @throws InvalidOptionsError where they are more than {@link METADATA_BYTES_MAX} bytes
   */
  static of({ contentType, traceparent, limits }: MetadataFields): Metadata {
    const attributes = [
      ...attribute(CONTENT_TYPE, contentType),
      ...attribute(TRACEPARENT, traceparent),
      ...limitsAttribute(limits),
    ];
    if (attributes.length === 0) return NO_METADATA;
    if (attributes.length <= METADATA_BYTES_MAX) return new Metadata(Uint8Array.from(attributes));
    throw new InvalidOptionsError(
      `Metadata of ${attributes.length} bytes: at most ${METADATA_BYTES_MAX}, attribute headers included.`,
    );
  }

  /** The attributes of a WELCOME that asks for a proof. */
  static challenge({ nonce, routingId }: Challenge): Metadata {
    const length = nonce.length + routingId.length;
    return new Metadata(Uint8Array.from([CHALLENGE, length >> 8, length & 0xff, ...nonce, ...routingId]));
  }

  /** What a WELCOME asks to prove a key with; `undefined` where it does not, or where that is not whole. */
  get challenge(): Challenge | undefined {
    const value = this.#value(CHALLENGE);
    if (!value || value.length <= NONCE_BYTES) return undefined;
    return { nonce: value.subarray(0, NONCE_BYTES), routingId: value.subarray(NONCE_BYTES) };
  }

  get contentType(): string | undefined {
    return this.#find(CONTENT_TYPE);
  }

  get traceparent(): string | undefined {
    return this.#find(TRACEPARENT);
  }

  /** How long the broker had had a request when it gave it to a worker, in µs, where it says so: in traced ones. */
  get waitedMicros(): number | undefined {
    const value = this.#value(WAITED);
    return value?.length === 4 ? readU32(value, 0) : undefined;
  }

  /**
   * The same, of a request that has waited so long at a broker, in µs. What belongs to no trace stays as it is, and so
   * does what has no room for it.
   */
  waited(micros: number): Metadata {
    const { bytes } = this;
    if (bytes.length === 0 || bytes.length + WAITED_BYTES > METADATA_BYTES_MAX) return this;
    if (this.#value(TRACEPARENT) === undefined) return this;
    const told = Math.min(U32_MAX, Math.max(0, Math.round(micros)));
    const head = [WAITED, 0, 4, told >>> 24, (told >>> 16) & 0xff, (told >>> 8) & 0xff, told & 0xff];
    const annotated = new Uint8Array(WAITED_BYTES + bytes.length);
    annotated.set(head);
    annotated.set(bytes, WAITED_BYTES);
    return new Metadata(annotated);
  }

  /** `undefined` where it is not said, or makes no sense. */
  get limits(): Limits | undefined {
    const value = this.#value(LIMITS);
    if (value?.length !== LIMITS_BYTES) return undefined;
    const [framesMax, frameBytesMax, messageBytesMax] = [
      readU32(value, 0),
      readU32(value, 4),
      readU32(value, 8),
    ];
    if (framesMax === 0 || frameBytesMax === 0 || messageBytesMax === 0) return undefined;
    return { framesMax, frameBytesMax, messageBytesMax };
  }

  #find(type: number): string | undefined {
    const value = this.#value(type);
    return value && decodeText(value);
  }

  #value(type: number): Frame | undefined {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; at += 3 + readU16(bytes, at + 1)) {
      if (bytes[at] === type) return bytes.subarray(at + 3, at + 3 + readU16(bytes, at + 1));
    }
    return undefined;
  }
}

function attribute(type: number, value: string | undefined): number[] {
  if (value === undefined) return [];
  const bytes = encodeText(value);
  return [type, bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

function limitsAttribute(limits: Limits | undefined): number[] {
  if (limits === undefined) return [];
  const { framesMax, frameBytesMax, messageBytesMax } = limits;
  const value = [framesMax, frameBytesMax, messageBytesMax].flatMap((bound) => [
    bound >>> 24,
    (bound >>> 16) & 0xff,
    (bound >>> 8) & 0xff,
    bound & 0xff,
  ]);
  return [LIMITS, 0, LIMITS_BYTES, ...value];
}

/** No attributes. */
export const NO_METADATA: Metadata = new Metadata(new Uint8Array(0));

/** True where the bytes from `start` to `end` are whole attributes. */
export function areAttributes(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at + 3 <= end) at += 3 + readU16(bytes, at + 1);
  return at === end;
}
