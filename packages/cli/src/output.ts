/**
 * Standard output, for what was asked for and nothing else. Where it cannot be written any more, as when a reader goes
 * away (`| head`), what is written from then on is dropped, and {@link closed} tells who could stop early.
 */
export class Output {
  readonly #closing = new AbortController();

  constructor(private readonly stream: NodeJS.WritableStream) {
    stream.on('error', () => this.#closing.abort());
  }

  /** Fires when nobody reads any more, or nothing can be written. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Resolves when the text or the bytes have left, so that a slow reader slows the writer. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.closed.aborted) return;
    await new Promise<void>((resolve) => {
      this.stream.write(data, () => resolve());
    });
  }

  /** Writes a line. */
  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Writes a value as one line of JSON. */
  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }
}

/** One line to the user about what went wrong, on standard error. */
export function complain(message: string): void {
  process.stderr.write(`majordomo: ${message}\n`);
}
