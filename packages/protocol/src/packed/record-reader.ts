import { Body } from '../body';
import { bytesOf, copyOf, sameBytes, type Frame } from '../frame';
import { BATCH, headBytesMax, INLINE_BYTES_MAX, type Limits } from '../limits';
import { areAttributes, Metadata, METADATA_BYTES_MAX, NO_METADATA } from '../metadata';
import type { Rejection, RejectionReason } from '../rejection';
import { APART_FLAG, CRITICAL_FLAGS, HEADER_BYTES, RECORD_HEADER_BYTES } from './layout';

const NO_BYTES = new Uint8Array(0);
const NO_FRAMES: readonly Frame[] = Object.freeze([]);

/**
 * Reads the records of one message, one after another, never beyond a record's end. The first thing that is wrong
 * becomes the `fault`, and the reader stands still from then on.
 */
export class RecordReader {
  kind = 0;
  flags = 0;
  /** Where the content of the record starts and ends. */
  start = 0;
  end = 0;
  fault: Rejection | undefined;
  readonly #frames: readonly Frame[];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #nextApart = 1;

  /**
   * @param header - the six bytes that the message should start with
   * @param limits - of each body; a message of several may be larger by {@link BATCH}
   */
  constructor(
    frames: readonly Frame[],
    header: Frame,
    private readonly limits: Limits,
  ) {
    const first = frames[0] ?? NO_BYTES;
    // What comes off a socket is a Buffer, whose subarrays cost more.
    const head = new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
    this.#frames = frames;
    this.#bytes = head;
    this.#view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    this.end = HEADER_BYTES;
    if (frames.length === 0) this.refuse('empty_message', 'no frames');
    else this.#holdToLimits(head.length);
    if (this.fault) return;
    if (!sameBytes(head.subarray(0, HEADER_BYTES), header)) this.refuse('unknown_header', 'not MDP/P1');
    else if (head.length === HEADER_BYTES) this.refuse('truncated', 'no records');
  }

  #holdToLimits(headBytes: number): void {
    const headMax = headBytesMax(this.limits);
    const framesMax = this.limits.framesMax + BATCH.frames;
    const bytesMax = this.limits.messageBytesMax + BATCH.bytes;
    if (headBytes > headMax) {
      this.refuse('frame_too_large', `a first frame of ${headBytes} bytes, at most ${headMax}`);
    } else if (this.#frames.length > framesMax) {
      this.refuse('too_many_frames', `${this.#frames.length} frames, at most ${framesMax}`);
    } else if (this.#frames.length > 1 && bytesOf(this.#frames) > bytesMax) {
      this.refuse('message_too_large', `${bytesOf(this.#frames)} bytes, at most ${bytesMax}`);
    }
  }

  /** Goes to the next record; false where there is none, or something is wrong. */
  next(): boolean {
    if (this.fault) return false;
    const at = this.end;
    const { length } = this.#bytes;
    if (at === length) {
      if (this.#nextApart < this.#frames.length) this.refuse('surplus_frames', 'frames that no body names');
      return false;
    }
    if (at + RECORD_HEADER_BYTES > length) {
      return this.refuse('truncated', `${length - at} bytes where a record should begin`);
    }
    const contentLength = this.#view.getUint32(at + 2);
    this.kind = this.#view.getUint8(at);
    this.flags = this.#view.getUint8(at + 1);
    this.start = at + RECORD_HEADER_BYTES;
    this.end = this.start + contentLength;
    if (this.end <= length) return true;
    return this.refuse(
      'truncated',
      `a record of ${contentLength} bytes where ${length - this.start} are left`,
    );
  }

  /** Says what is wrong; always false. */
  refuse(reason: RejectionReason, detail: string): false {
    this.fault ??= { reason, detail };
    return false;
  }

  /** True where the content has its fixed part, and no critical flag is set but those. */
  has(fixedBytes: number, flags = 0): boolean {
    if (this.end - this.start < fixedBytes) {
      return this.refuse(
        'truncated',
        `${this.end - this.start} bytes in a record of kind ${this.kind}, at least ${fixedBytes}`,
      );
    }
    const unknown = this.flags & CRITICAL_FLAGS & ~flags;
    return unknown === 0 || this.refuse('unknown_flag', `flags ${unknown} of a record of kind ${this.kind}`);
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.start + offset);
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.start + offset);
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.start + offset);
  }

  /** So many bytes of the content, or `undefined` where they reach beyond its end. */
  bytes(offset: number, length: number): Uint8Array | undefined {
    const from = this.start + offset;
    if (from + length <= this.end) return this.#bytes.subarray(from, from + length);
    this.refuse('bad_length', `${length} bytes where ${this.end - from} are left in the record`);
    return undefined;
  }

  /** The rest of the content. */
  rest(offset: number): Uint8Array {
    return this.#bytes.subarray(this.start + offset, this.end);
  }

  /** The attributes at an offset, copied, or `undefined` where they are none. */
  metadata(offset: number, length: number): Metadata | undefined {
    if (length === 0) return NO_METADATA;
    const from = this.start + offset;
    const to = from + length;
    if (to > this.end) {
      this.refuse(
        'bad_length',
        `${length} bytes of attributes where ${this.end - from} are left in the record`,
      );
    } else if (length > METADATA_BYTES_MAX || !areAttributes(this.#bytes, from, to)) {
      this.refuse('bad_metadata', `${length} bytes that are no attributes, at most ${METADATA_BYTES_MAX}`);
    } else {
      return new Metadata(copyOf(this.#bytes, from, to));
    }
    return undefined;
  }

  /** The body that fills the content from an offset to its end, or `undefined` where it does not. */
  body(offset: number): Body | undefined {
    const from = this.start + offset;
    const left = this.end - from;
    if (left < 2) {
      this.refuse('no_body', 'a record ends where its body should begin');
      return undefined;
    }
    const count = this.#view.getUint16(from);
    if (count === 1 && left >= 6) {
      const length = this.#view.getUint32(from + 2);
      if (
        length === left - 6 &&
        length <= INLINE_BYTES_MAX &&
        length <= this.limits.frameBytesMax &&
        length <= this.limits.messageBytesMax
      ) {
        return Body.packed(this.#bytes, from, this.end);
      }
    }
    return this.#anyBody(from, count, left);
  }

  #anyBody(from: number, count: number, left: number): Body | undefined {
    const { framesMax, frameBytesMax, messageBytesMax } = this.limits;
    if (count === 0) this.refuse('no_body', 'a body of no frames');
    else if (count > framesMax)
      this.refuse('too_many_frames', `a body of ${count} frames, at most ${framesMax}`);
    else if (2 + 4 * count > left) this.refuse('bad_length', `a body of ${count} frames in ${left} bytes`);
    if (this.fault) return undefined;
    let inline = 0;
    let total = 0;
    let apart: Frame[] | undefined;
    for (let index = 0; index < count; index++) {
      const stated = this.#view.getUint32(from + 2 + 4 * index);
      const isApart = stated >= APART_FLAG;
      const length = isApart ? stated - APART_FLAG : stated;
      total += length;
      if (length > frameBytesMax) {
        this.refuse('frame_too_large', `a frame of ${length} bytes, at most ${frameBytesMax}`);
        return undefined;
      }
      if (!isApart) {
        inline += length;
        continue;
      }
      const frame = this.#frames[this.#nextApart++];
      if (frame?.length !== length) {
        this.refuse('bad_length', `a frame apart of ${length} bytes, found ${frame?.length ?? 'none'}`);
        return undefined;
      }
      (apart ??= []).push(frame);
    }
    if (total > messageBytesMax) {
      this.refuse('message_too_large', `a body of ${total} bytes, at most ${messageBytesMax}`);
    } else if (inline > INLINE_BYTES_MAX) {
      this.refuse('frame_too_large', `inline frames of ${inline} bytes, at most ${INLINE_BYTES_MAX}`);
    } else if (inline !== left - 2 - 4 * count) {
      this.refuse('bad_length', `frames of ${inline} bytes in ${left - 2 - 4 * count}`);
    }
    return this.fault ? undefined : Body.packed(this.#bytes, from, this.end, apart ?? NO_FRAMES);
  }
}
