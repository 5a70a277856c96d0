import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * A ledger on disk. A line is with the kernel when `write` returns, so that a SIGKILL that comes afterwards cannot take
 * it back.
 */
export class LedgerFile<Line extends object> {
  #file: number | undefined;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** Writes a line; nothing once the ledger is closed. */
  write(line: Line): void {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
