import type { Decoders } from './decoders';
import { Finding } from './finding';
import { bytesIn, LIMITS, type Talk } from './message';

/**
 * How long decoding one message may take: so much, and more for each byte and frame. Some fifty times what is needed;
 * what grows faster than the message does is beyond it soon.
 */
const BASE_MS = 1;
const PER_BYTE_MS = 0.000_2;
const PER_FRAME_MS = 0.01;

/** A message that took too long is decoded so often again: anything else on the machine may have taken the time. */
const AGAIN = 8;

/** The longest that decoding may take, in ms. */
function decodeMsMax(frames: readonly Uint8Array[]): number {
  return BASE_MS + bytesIn(frames) * PER_BYTE_MS + frames.length * PER_FRAME_MS;
}

/** The message whose decoding took the longest, other things on the machine included. */
export interface Slowest {
  readonly ms: number;
  readonly frames: number;
  readonly bytes: number;
}

/** Times the decoding of single messages. */
export class Timing {
  slowest: Slowest = { ms: 0, frames: 0, bytes: 0 };
  /** Messages that took longer than they may the first time, and did not when they were tried again. */
  retried = 0;

  /** @param bounded - false to measure only */
  constructor(
    private readonly decoders: Decoders,
    private readonly bounded: boolean,
  ) {}

  /**
   * Runs the decoding of one message of a talk.
   * @param from - the message of the talk that began the session
   * @throws Finding where it takes too long again and again
   */
  of<Result>(talk: Talk, from: number, index: number, decode: () => Result): Result {
    const frames = talk.messages[index] ?? [];
    const startedAt = performance.now();
    const result = decode();
    let ms = performance.now() - startedAt;
    const mostMs = ms > BASE_MS ? decodeMsMax(frames) : BASE_MS;
    if (this.bounded && ms > mostMs) {
      this.retried++;
      for (let round = 0; round < AGAIN && ms > mostMs; round++) {
        ms = Math.min(ms, this.#again(talk, from, index));
      }
      if (ms > mostMs) throw new Finding('slow', `${ms.toFixed(1)} ms, at most ${mostMs.toFixed(1)}`, index);
    }
    if (ms > this.slowest.ms) this.slowest = { ms, frames: frames.length, bytes: bytesIn(frames) };
    return result;
  }

  /** Decodes it once more, in a session that has heard what came before. */
  #again({ direction, tongue, limits, messages }: Talk, from: number, index: number): number {
    const receiver =
      tongue === 'packed' ? this.decoders.packed[direction].to() : this.decoders.plainOf(tongue, direction);
    for (const frames of messages.slice(from, index)) receiver.decode(frames, LIMITS[limits]);
    const startedAt = performance.now();
    receiver.decode(messages[index] ?? [], LIMITS[limits]);
    return performance.now() - startedAt;
  }
}
