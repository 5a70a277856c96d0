import type { MessageLike } from 'zeromq';

/** A socket that can send messages of several frames, one at a time. */
interface Sending {
  send(frames: MessageLike[]): Promise<void>;
}

/** Sends messages in order: zeromq.js refuses a send before the one before it is through. */
export class Outgoing {
  readonly #waiting: MessageLike[][] = [];
  #sending = false;

  constructor(private readonly socket: Sending) {}

  push(frames: MessageLike[]): void {
    this.#waiting.push(frames);
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    for (let frames = this.#waiting.shift(); frames; frames = this.#waiting.shift()) {
      await this.socket.send(frames);
    }
    this.#sending = false;
  }
}
