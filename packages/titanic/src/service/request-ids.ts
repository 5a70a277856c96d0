import { randomFillSync } from 'node:crypto';
import { ID_RANDOM_BYTES, makeRequestId } from '../core/request-id';

/** Ids that are made of one piece of randomness: asking for it costs microseconds, however little is wanted. */
const IDS_EACH = 400;

/** Makes the UUIDs of requests. No byte of randomness is used twice. */
export class RequestIds {
  readonly #random = new Uint8Array(IDS_EACH * ID_RANDOM_BYTES);
  #at = this.#random.length;

  /** @param now - in ms */
  next(now: number): string {
    if (this.#at === this.#random.length) {
      randomFillSync(this.#random);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += ID_RANDOM_BYTES;
    return makeRequestId(now, this.#random.subarray(from, this.#at));
  }
}
