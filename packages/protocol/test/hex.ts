import type { Frame } from '../src/index';

/** Frames as a test writes them: hex digits, one word a frame, `-` for the empty frame. */
export function frames(text: string): Frame[] {
  return text.split(' ').map((word) => (word === '-' ? new Uint8Array(0) : Buffer.from(word, 'hex')));
}

/** The same the other way round. */
export function hex(message: readonly Frame[] | undefined): string | undefined {
  return message?.map((frame) => Buffer.from(frame).toString('hex') || '-').join(' ');
}
