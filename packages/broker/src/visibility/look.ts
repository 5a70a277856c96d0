/**
 * What is seen at one glance, by all who look in one go: taken anew when the go is over, that is with the turn of the
 * loop, or for as long as somebody needs it to stay.
 */
export class Look<Seen> {
  #seen: Seen | undefined;
  #keepers = 0;

  constructor(private readonly glance: () => Seen) {}

  /** What is seen. */
  get seen(): Seen {
    if (this.#seen === undefined) {
      this.#seen = this.glance();
      queueMicrotask(() => this.#forget());
    }
    return this.#seen;
  }

  /** Has what is seen stay the same until something has been done, which may take many turns of the loop. */
  async keep<Done>(doing: () => Promise<Done>): Promise<Done> {
    this.#keepers++;
    try {
      return await doing();
    } finally {
      this.#keepers--;
      this.#forget();
    }
  }

  #forget(): void {
    if (this.#keepers === 0) this.#seen = undefined;
  }
}
