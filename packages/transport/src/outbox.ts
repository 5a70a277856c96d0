import { bytesOf, type Frame } from '@majordomo/protocol';

/** Messages that wait for one peer, oldest first, with their bytes counted. */
export class Outbox {
  #messages: (readonly Frame[])[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#messages.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a message and returns its bytes. */
  push(message: readonly Frame[]): number {
    const bytes = bytesOf(message);
    this.#messages.push(message);
    this.#bytes += bytes;
    return bytes;
  }

  /** The oldest message, left in place until it is sure to have left. */
  peek(): readonly Frame[] | undefined {
    return this.#messages[this.#head];
  }

  /** Takes the oldest message out and returns its bytes. */
  shift(): number {
    const message = this.#messages[this.#head];
    if (!message) return 0;
    if (this.length === 1) {
      const last = this.#bytes;
      this.#messages.length = 0;
      this.#head = 0;
      this.#bytes = 0;
      return last;
    }
    const bytes = bytesOf(message);
    this.#bytes -= bytes;
    this.#messages[this.#head++] = NOTHING;
    if (this.#head >= 64 && this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    return bytes;
  }
}

/** Stands where a message has left, so that it is not kept alive. */
const NOTHING: readonly Frame[] = Object.freeze([]);
