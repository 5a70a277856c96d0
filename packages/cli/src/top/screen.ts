import type { ReadStream, WriteStream } from 'node:tty';
import type { Size } from './view';

const CSI = '\u001b[';
const ENTER = `${CSI}?1049h${CSI}?25l`;
const LEAVE = `${CSI}?25h${CSI}?1049l`;
const HOME = `${CSI}H`;
const CLEAR_LINE = `${CSI}K`;
const CLEAR_BELOW = `${CSI}J`;

/** The terminal while it is ours: a screen of its own, no cursor, each key as it is pressed. */
export class Screen {
  #entered = false;

  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
  ) {}

  /** @param pressed - called with each key, as the terminal sends it */
  enter(pressed: (key: string) => void): void {
    this.#entered = true;
    this.output.write(ENTER);
    this.input.setRawMode(true);
    this.input.setEncoding('utf8');
    this.input.on('data', (keys: string) => {
      for (const key of keysIn(keys)) pressed(key);
    });
    this.input.resume();
  }

  get size(): Size {
    return { columns: this.output.columns || 80, rows: this.output.rows || 24 };
  }

  /** Shows lines in the place of those before, in one write: nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#entered)
      this.output.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW);
  }

  /** Gives the terminal back as it was; harmless when it has been given back. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.input.removeAllListeners('data');
    this.input.setRawMode(false);
    this.input.pause();
    this.output.write(LEAVE);
  }
}

/** The keys in what came at once: escape sequences are one each. */
export function keysIn(text: string): string[] {
  // eslint-disable-next-line no-control-regex
  return text.match(/\u001b\[[\d;]*[A-Za-z~]|[^]/gu) ?? [];
}
