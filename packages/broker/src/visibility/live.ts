/** Those who watch at one time. */
const LISTENERS_MAX = 32;

/** Somebody who watches. */
interface Listener {
  /** Takes a message; resolves once it has left. */
  readonly send: (data: string) => Promise<void>;
  readonly end: () => void;
  /** True while a message has not left: a slow listener misses those in between. */
  busy: boolean;
}

/** Tells everybody who watches the same, and waits for nobody. */
export class Live {
  readonly #listeners = new Set<Listener>();

  get listeners(): number {
    return this.#listeners.size;
  }

  /** True where nobody more may watch. */
  get full(): boolean {
    return this.#listeners.size >= LISTENERS_MAX;
  }

  /**
   * Has somebody watch, who is sent one message at once.
   * @param end - called when there is nothing more to see
   * @returns what ends the watching
   */
  add(send: (data: string) => Promise<void>, first: string, end: () => void): () => void {
    const listener: Listener = { send, end, busy: false };
    this.#listeners.add(listener);
    deliver(listener, first);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a message to all. */
  tell(data: string): void {
    for (const listener of this.#listeners) if (!listener.busy) deliver(listener, data);
  }

  close(): void {
    for (const { end } of this.#listeners) end();
    this.#listeners.clear();
  }
}

function deliver(listener: Listener, data: string): void {
  listener.busy = true;
  const done = (): void => {
    listener.busy = false;
  };
  listener.send(data).then(done, done);
}
