import { hex } from './hex';

/** Reads one message frame by frame and throws, showing the whole message, at the first frame that breaks the RFC. */
export class FrameReader {
  readonly #what: string;
  readonly #frames: readonly Buffer[];
  #index = 0;

  /** `what` names the command and its RFC in failures. */
  constructor(what: string, frames: readonly Buffer[]) {
    this.#what = what;
    this.#frames = frames;
  }

  /** An empty frame: frame 0 of RFC 7, or the delimiter behind a client address. */
  empty(): this {
    if (this.#next('an empty frame').length !== 0) this.#fail('must be empty');
    return this;
  }

  /** A frame of exactly this text: the protocol header. */
  literal(text: string): this {
    if (!this.#next(`'${text}'`).equals(Buffer.from(text))) this.#fail(`must be '${text}'`);
    return this;
  }

  /** A frame of one byte that is one of the keys of `names`: the command. Returns its name. */
  command<N extends string>(names: Readonly<Record<number, N>>): N {
    const frame = this.#next('a command byte');
    const name = frame.length === 1 ? names[frame[0] as number] : undefined;
    return name ?? this.#fail(`must be one byte of ${Object.keys(names).join(', ')}`);
  }

  /** A service name: a printable string, at least one character. */
  service(): string {
    const frame = this.#next('a service name');
    const text = frame.toString('utf8');
    if (text === '' || /[\p{Cc}\uFFFD]/u.test(text)) this.#fail('must be a printable service name');
    return text;
  }

  /** Precisely one client address frame and the empty frame behind it. */
  address(): Buffer {
    const frame = this.#next('a client address');
    if (frame.length === 0) this.#fail('must be a client address');
    this.empty();
    return frame;
  }

  /** All frames that are left, at least one: the body. */
  body(): Buffer[] {
    this.#next('a body frame');
    return this.#frames.slice(this.#index - 1);
  }

  /** No more frames. */
  end(): void {
    if (this.#index < this.#frames.length) {
      this.#index += 1;
      this.#fail('must not be there');
    }
  }

  #next(what: string): Buffer {
    const frame = this.#frames[this.#index];
    this.#index += 1;
    return frame ?? this.#fail(`is missing, must be ${what}`);
  }

  #fail(complaint: string): never {
    throw new Error(`${this.#what}: frame ${this.#index - 1} ${complaint}: ${hex(this.#frames)}`);
  }
}
