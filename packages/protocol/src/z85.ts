import { z } from 'zod';

/** The alphabet of Z85 (ZeroMQ RFC 32), by value. */
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** Bytes of a CURVE key, and the characters that stand for them. */
export const KEY_BYTES = 32;
export const KEY_CHARACTERS = 40;

const U32_RANGE = 2 ** 32;

/** Bytes as Z85 text: 5 characters for every 4 bytes, of which there has to be a multiple. */
export function encodeZ85(bytes: Uint8Array): string {
  let text = '';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    let value = view.getUint32(at);
    let group = '';
    for (let digit = 0; digit < 5; digit++) {
      group = (ALPHABET[value % 85] ?? '') + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

/** The bytes that Z85 text stands for, or `undefined` where it is none. */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined;
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at += 5) {
    let value = 0;
    for (const character of text.slice(at, at + 5)) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) return undefined;
      value = value * 85 + digit;
    }
    if (value >= U32_RANGE) return undefined;
    view.setUint32((at / 5) * 4, value);
  }
  return bytes;
}

/** True for a CURVE key as text: 40 characters of Z85. */
export function isCurveKey(text: string): boolean {
  return text.length === KEY_CHARACTERS && decodeZ85(text) !== undefined;
}

/** A CURVE key as text. */
export const curveKeySchema = z.string().refine(isCurveKey, 'should be a CURVE key, 40 characters of Z85');
