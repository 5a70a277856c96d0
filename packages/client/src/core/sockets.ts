/** Counts what is open, plain and packed together, and numbers it. */
export class Sockets {
  #ids = 0;
  /** Connections, opening ones included. */
  size = 0;

  constructor(private readonly max: number) {}

  /** True where no more may be opened. */
  get full(): boolean {
    return this.size >= this.max;
  }

  /** Counts one more, and returns its number. */
  add(): number {
    this.size++;
    return ++this.#ids;
  }
}
