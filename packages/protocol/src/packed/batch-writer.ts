import type { Body, SectionSink } from '../body';
import { encodeText, type Frame } from '../frame';
import { StateError } from '../errors';
import { FRAMES_MAX, INLINE_BYTES_MAX } from '../limits';
import { NO_METADATA, type Metadata } from '../metadata';
import { KEY_BYTES } from '../z85';
import {
  APART_BYTES_MIN,
  APART_FLAG,
  FAIL_FAST,
  FAILURE_CODE_MAX,
  FAILURE_MESSAGE_BYTES_MAX,
  FIXED,
  HEADER_BYTES,
  KIND,
  OF_WORKER,
  RECORD_HEADER_BYTES,
  RETRYABLE,
} from './layout';

/** Once the first frame has grown to so many bytes, or so many bytes travel apart, the message had better leave. */
const BATCH_BYTES_MAX = 64 * 1_024;
const APART_TOTAL_MAX = 1_024 * 1_024;
const APART_FRAMES_MAX = 48;

const CAPACITY_MIN = 256;

/** Small messages are written one behind the other into memory of so many bytes: setting it aside costs more than they do. */
const SLAB_BYTES = 2 * 1_024;
const NO_BYTES = new Uint8Array(0);

/** Text of at most so many characters is encoded here where it is ASCII: calling out costs more. */
const SHORT_TEXT = 32;

const encoder = new TextEncoder();

/**
 * Packs records into one message: the first frame holds them back to back, large frames of bodies follow it
 * uncopied. No byte is written twice, because ZeroMQ may still hold the messages before.
 */
export class BatchWriter implements SectionSink {
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #view = new DataView(this.#bytes.buffer);
  /** Where the message starts in it. */
  #base = 0;
  #at = 0;
  /** Where the record that is being written starts. */
  #recordAt = 0;
  /** How many frames travelled apart before it. */
  #recordApart = 0;
  #apart: Frame[] = [];
  #apartBytes = 0;
  /** What the message before took. */
  #capacity = CAPACITY_MIN;

  /** @param header - the six bytes that every message starts with */
  constructor(private readonly header: Frame) {}

  /** True where there is nothing to take. */
  get empty(): boolean {
    return this.#at === 0;
  }

  /** True where the message should leave before more is written. */
  get full(): boolean {
    return (
      this.#at - this.#base >= BATCH_BYTES_MAX ||
      this.#apartBytes >= APART_TOTAL_MAX ||
      this.#apart.length >= APART_FRAMES_MAX
    );
  }

  /** The message of all records since the last one, and a new beginning. */
  take(): Frame[] {
    const message: Frame[] = [this.#bytes.subarray(this.#base, this.#at)];
    const written = this.#at - this.#base;
    this.#capacity = Math.max(CAPACITY_MIN, Math.min(2 * BATCH_BYTES_MAX, written + (written >> 2)));
    this.#base = this.#at;
    if (this.#bytes.length > SLAB_BYTES || this.#base + CAPACITY_MIN > SLAB_BYTES) this.#bytes = NO_BYTES;
    this.#at = 0;
    if (this.#apart.length === 0) return message;
    message.push(...this.#apart);
    this.#apart = [];
    this.#apartBytes = 0;
    return message;
  }

  /** Makes room for a record, begins it, and returns where its content starts. */
  #begin(kind: number, flags: number, fixed: number): number {
    if (this.#at === 0) this.#start();
    this.#reserve(RECORD_HEADER_BYTES + fixed);
    const at = this.#at;
    this.#recordAt = at;
    this.#recordApart = this.#apart.length;
    this.#bytes[at] = kind;
    this.#bytes[at + 1] = flags;
    this.#at = at + RECORD_HEADER_BYTES + fixed;
    return at + RECORD_HEADER_BYTES;
  }

  /** Ends the record whose content started there. */
  #end(content: number): void {
    this.#view.setUint32(content - 4, this.#at - content);
  }

  /** Leaves out the record that could not be finished, so that the others can leave. */
  abandon(): void {
    this.#bytes.fill(0, this.#recordAt, this.#at);
    this.#at = this.#recordAt === this.#base + HEADER_BYTES ? 0 : this.#recordAt;
    for (const frame of this.#apart.splice(this.#recordApart)) this.#apartBytes -= frame.length;
  }

  #start(): void {
    if (this.#base + this.#capacity > this.#bytes.length) {
      this.#base = 0;
      this.#allocate(Math.max(SLAB_BYTES, this.#capacity));
    }
    this.#bytes.set(this.header, this.#base);
    this.#at = this.#base + HEADER_BYTES;
  }

  #allocate(capacity: number): void {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const before = this.#bytes;
    this.#allocate(Math.max(needed, 2 * before.length));
    this.#bytes.set(before.subarray(this.#base, this.#at), this.#base);
  }

  #copy(bytes: Frame): void {
    // Of memory that was given away, too.
    if (bytes.length === 0) return;
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #metadata({ bytes }: Metadata): void {
    if (bytes.length > 0) this.#copy(bytes);
  }

  /** HELLO (docs/PROTOCOL.md, "Session"). */
  hello(revision: number, heartbeatMs: number, capabilities: number, metadata: Metadata): void {
    const at = this.#begin(KIND.hello, 0, FIXED.hello);
    this.#introduction(at, revision, heartbeatMs, capabilities, metadata);
    this.#metadata(metadata);
    this.#end(at);
  }

  #introduction(
    at: number,
    revision: number,
    heartbeatMs: number,
    capabilities: number,
    { bytes }: Metadata,
  ): void {
    this.#bytes[at] = revision;
    this.#view.setUint16(at + 2, bytes.length);
    this.#view.setUint32(at + 4, heartbeatMs);
    this.#view.setUint32(at + 8, capabilities);
  }

  /** READY. */
  ready(
    service: string,
    credit: number,
    revision: number,
    heartbeatMs: number,
    capabilities: number,
    metadata: Metadata,
  ): void {
    const name = encodeText(service);
    const at = this.#begin(KIND.ready, 0, FIXED.ready);
    this.#introduction(at, revision, heartbeatMs, capabilities, metadata);
    this.#bytes[at + 1] = name.length;
    this.#view.setUint32(at + 12, credit);
    this.#copy(name);
    this.#metadata(metadata);
    this.#end(at);
  }

  /** WELCOME. */
  welcome(
    revision: number,
    heartbeatMs: number,
    capabilities: number,
    internedMax: number,
    framesMax: number,
    frameBytesMax: number,
    messageBytesMax: number,
    metadata: Metadata,
  ): void {
    const at = this.#begin(KIND.welcome, 0, FIXED.welcome);
    this.#introduction(at, revision, heartbeatMs, capabilities, metadata);
    this.#view.setUint32(at + 12, internedMax);
    this.#view.setUint32(at + 16, framesMax);
    this.#view.setUint32(at + 20, frameBytesMax);
    this.#view.setUint32(at + 24, messageBytesMax);
    this.#metadata(metadata);
    this.#end(at);
  }

  /** SERVICE: a name gets a number. */
  service(number: number, name: string): void {
    const at = this.#begin(KIND.service, 0, FIXED.service);
    this.#view.setUint32(at, number);
    this.#copy(encodeText(name));
    this.#end(at);
  }

  /**
   * REQUEST, of a client or to a worker.
   * @param service - its number; 0 to a worker, and where it is named
   * @param name - the service where it has no number, else empty
   */
  request(
    id: number,
    service: number,
    name: string,
    remainingMs: number,
    window: number,
    priority: number,
    attempt: number,
    failFast: boolean,
    metadata: Metadata,
    body: Body,
  ): void {
    const at = this.#begin(KIND.request, failFast ? FAIL_FAST : 0, FIXED.request);
    this.#view.setUint32(at, id);
    this.#view.setUint32(at + 4, service);
    this.#view.setUint32(at + 8, remainingMs);
    this.#view.setUint32(at + 12, window);
    this.#bytes[at + 16] = priority;
    this.#bytes[at + 17] = attempt;
    if (metadata !== NO_METADATA) this.#view.setUint16(at + 20, metadata.bytes.length);
    if (name !== '') {
      const bytes = encodeText(name);
      this.#bytes[at + 18] = bytes.length;
      this.#copy(bytes);
    }
    if (metadata !== NO_METADATA) this.#metadata(metadata);
    this.#body(body);
    this.#end(at);
  }

  /** PARTIAL or FINAL, of a worker or to a client. */
  reply(kind: typeof KIND.partial | typeof KIND.final, id: number, metadata: Metadata, body: Body): void {
    const at = this.#begin(kind, 0, FIXED.reply);
    this.#view.setUint32(at, id);
    if (metadata !== NO_METADATA) {
      this.#view.setUint16(at + 4, metadata.bytes.length);
      this.#metadata(metadata);
    }
    this.#body(body);
    this.#end(at);
  }

  /** FAILURE, of a worker or to a client; a code or message that is too long is cut. */
  failure(id: number, ofWorker: boolean, code: string, message: string, retryable: boolean): void {
    const codeBytes = encodeText(code).subarray(0, FAILURE_CODE_MAX);
    const messageBytes = encodeCut(message, FAILURE_MESSAGE_BYTES_MAX);
    const flags = (retryable ? RETRYABLE : 0) | (ofWorker ? OF_WORKER : 0);
    const at = this.#begin(KIND.failure, flags, FIXED.failure);
    this.#view.setUint32(at, id);
    this.#bytes[at + 4] = codeBytes.length;
    this.#view.setUint16(at + 6, messageBytes.length);
    this.#copy(codeBytes);
    this.#copy(messageBytes);
    this.#end(at);
  }

  /** CANCEL. */
  cancel(id: number): void {
    const at = this.#begin(KIND.cancel, 0, FIXED.cancel);
    this.#view.setUint32(at, id);
    this.#end(at);
  }

  /** WINDOW. */
  window(id: number, more: number): void {
    const at = this.#begin(KIND.window, 0, FIXED.window);
    this.#view.setUint32(at, id);
    this.#view.setUint32(at + 4, more);
    this.#end(at);
  }

  /** CREDIT. */
  credit(credit: number): void {
    const at = this.#begin(KIND.credit, 0, FIXED.credit);
    this.#view.setUint32(at, credit);
    this.#end(at);
  }

  /** PROOF. */
  proof(publicKey: Frame, mac: Frame): void {
    const at = this.#begin(KIND.proof, 0, FIXED.proof);
    this.#bytes.set(publicKey, at);
    this.#bytes.set(mac, at + KEY_BYTES);
    this.#end(at);
  }

  /** DISCONNECT of a broker; a code or message that is too long is cut. */
  disconnect(reason: { readonly code: string; readonly message: string } | undefined): void {
    if (!reason) {
      this.bare(KIND.disconnect);
      return;
    }
    const codeBytes = encodeText(reason.code).subarray(0, FAILURE_CODE_MAX);
    const messageBytes = encodeCut(reason.message, FAILURE_MESSAGE_BYTES_MAX);
    const at = this.#begin(KIND.disconnect, 0, FIXED.reason);
    this.#bytes[at] = codeBytes.length;
    this.#view.setUint16(at + 2, messageBytes.length);
    this.#copy(codeBytes);
    this.#copy(messageBytes);
    this.#end(at);
  }

  /** A record without content: HEARTBEAT, DRAINING, DISCONNECT. */
  bare(kind: typeof KIND.heartbeat | typeof KIND.draining | typeof KIND.disconnect): void {
    this.#end(this.#begin(kind, 0, 0));
  }

  /** The section of a body that came packed. A method and no closure: four sessions share its one call. */
  section(source: Uint8Array, start: number, end: number, apart: readonly Frame[]): void {
    this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.#at);
    this.#at += end - start;
    if (apart.length === 0) return;
    for (const frame of apart) this.#putApart(frame);
  }

  #putApart(frame: Frame): void {
    this.#apart.push(frame);
    this.#apartBytes += frame.length;
  }

  #body(body: Body): void {
    if (body.copySection(this)) return;
    const text = body.unencoded;
    if (text === undefined || text.length * 3 >= APART_BYTES_MIN) this.#frames(body.frames);
    else this.#text(text);
  }

  #text(text: string): void {
    this.#reserve(6 + text.length * 3);
    const at = this.#at;
    const length = this.#putText(text, at + 6);
    this.#view.setUint16(at, 1);
    this.#view.setUint32(at + 2, length);
    this.#at = at + 6 + length;
  }

  #putText(text: string, start: number): number {
    const bytes = this.#bytes;
    const { length } = text;
    if (length <= SHORT_TEXT) {
      let at = 0;
      for (; at < length; at++) {
        const code = text.charCodeAt(at);
        if (code > 0x7f) break;
        bytes[start + at] = code;
      }
      if (at === length) return length;
    }
    return encoder.encodeInto(text, bytes.subarray(start)).written;
  }

  #frames(frames: readonly Frame[]): void {
    if (frames.length === 0 || frames.length > FRAMES_MAX) {
      throw new StateError(`A body of ${frames.length} frames: 1 to ${FRAMES_MAX}.`);
    }
    const inlineMax = this.#at + 2 + 4 * frames.length + INLINE_BYTES_MAX;
    let lengthAt = this.#at + 2;
    this.#reserve(2 + 4 * frames.length);
    this.#view.setUint16(this.#at, frames.length);
    this.#at += 2 + 4 * frames.length;
    for (const frame of frames) {
      if (frame.length >= APART_BYTES_MIN || this.#at + frame.length > inlineMax) {
        this.#view.setUint32(lengthAt, APART_FLAG + frame.length);
        this.#putApart(frame);
      } else {
        this.#copy(frame);
        this.#view.setUint32(lengthAt, frame.length);
      }
      lengthAt += 4;
    }
  }
}

/** The UTF-8 bytes of a text, cut between characters where they are too many. */
function encodeCut(text: string, most: number): Uint8Array {
  if (text.length * 3 <= most) return encodeText(text);
  const bytes = new Uint8Array(most);
  return bytes.subarray(0, encoder.encodeInto(text, bytes).written);
}
