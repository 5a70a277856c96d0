import { isUtf8 } from 'node:buffer';
import type { Frame } from '@majordomo/protocol';
import { DEPTH_MAX, HAS_PROTO, PROTO, TOO_DEEP } from './bounds';
import { Unfit } from './unfit';

const TIMESTAMP = 0xff;
const PROTO_BYTES = new TextEncoder().encode(PROTO);

/**
 * Walks over a frame before the decoder sees it: exactly one value, whole, made of nil, booleans, numbers, text, bytes,
 * lists, maps with text as keys, and timestamps. The decoder knows many more types, and some of them run code or make
 * references; none of those gets to it.
 * @throws Unfit where it is anything else
 */
export function guardMessagePack(frame: Frame): void {
  const walk = new Walk(frame);
  walk.value(0);
  if (walk.at < frame.length) throw Unfit.because('it is not MessagePack: bytes follow the value');
}

class Walk {
  at = 0;
  readonly #bytes: Frame;
  readonly #view: DataView;

  constructor(bytes: Frame) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves behind one value. */
  value(depth: number): void {
    const type = this.#u8();
    if (type <= 0x7f || type >= 0xe0) return;
    if (type <= 0x8f) this.#map(type & 0x0f, depth);
    else if (type <= 0x9f) this.#list(type & 0x0f, depth);
    else if (type <= 0xbf) this.#text(type & 0x1f);
    else this.#longer(type, depth);
  }

  #longer(type: number, depth: number): void {
    switch (type) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        this.#skip(this.#length(type - 0xc4));
        return;
      case 0xca: // float 32
        this.#skip(4);
        return;
      case 0xcb: // float 64
        this.#skip(8);
        return;
      case 0xcc: // unsigned, 8 to 64 bits
      case 0xcd:
      case 0xce:
      case 0xcf:
        this.#skip(1 << (type - 0xcc));
        return;
      case 0xd0: // signed, 8 to 64 bits
      case 0xd1:
      case 0xd2:
      case 0xd3:
        this.#skip(1 << (type - 0xd0));
        return;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.#text(this.#length(type - 0xd9));
        return;
      case 0xdc:
      case 0xdd:
        this.#list(this.#length(type - 0xdb), depth);
        return;
      case 0xde:
      case 0xdf:
        this.#map(this.#length(type - 0xdd), depth);
        return;
      case 0xc1:
        throw Unfit.because('it is not MessagePack: the byte c1 has no meaning');
      default:
        this.#extension(type);
    }
  }

  /** Timestamps have 4, 8 or 12 bytes; everything else that is an extension is refused. */
  #extension(type: number): void {
    const length = type <= 0xc9 ? this.#length(type - 0xc7) : 1 << (type - 0xd4);
    const number = this.#u8();
    if (number !== TIMESTAMP || (length !== 4 && length !== 8 && length !== 12)) {
      throw Unfit.because(`it has a MessagePack extension (type ${(number << 24) >> 24}) that is not taken`);
    }
    this.#skip(length);
  }

  #list(count: number, depth: number): void {
    if (depth >= DEPTH_MAX) throw Unfit.because(TOO_DEEP);
    for (let n = 0; n < count; n++) this.value(depth + 1);
  }

  #map(count: number, depth: number): void {
    if (depth >= DEPTH_MAX) throw Unfit.because(TOO_DEEP);
    for (let n = 0; n < count; n++) {
      this.#key();
      this.value(depth + 1);
    }
  }

  #key(): void {
    const type = this.#u8();
    let length: number;
    if (type >= 0xa0 && type <= 0xbf) length = type & 0x1f;
    else if (type >= 0xd9 && type <= 0xdb) length = this.#length(type - 0xd9);
    else throw Unfit.because('it has a MessagePack map with a key that is no text');
    const start = this.at;
    this.#text(length);
    if (length === PROTO_BYTES.length && PROTO_BYTES.every((byte, n) => byte === this.#bytes[start + n])) {
      throw Unfit.because(HAS_PROTO);
    }
  }

  #text(length: number): void {
    const start = this.at;
    this.#skip(length);
    for (let at = start; at < this.at; at++) {
      if (this.#bytes[at]! < 0x80) continue;
      if (isUtf8(this.#bytes.subarray(start, this.at))) return;
      throw Unfit.because('it has text whose bytes are not UTF-8');
    }
  }

  /** A length in 1, 2 or 4 bytes: width 0, 1 or 2. */
  #length(width: number): number {
    const start = this.at;
    this.#skip(1 << width);
    if (width === 0) return this.#view.getUint8(start);
    return width === 1 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #u8(): number {
    this.#skip(1);
    return this.#bytes[this.at - 1]!;
  }

  #skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.#bytes.length) throw Unfit.because('it is not MessagePack: it ends in the middle');
  }
}
