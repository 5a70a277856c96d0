/** What this process has in memory, as far as it can be found out. */
export class Memory {
  #lastBytes = 0;

  /** @param read - asks the system for the resident bytes; throws where it cannot be asked */
  constructor(private readonly read: () => number = () => process.memoryUsage.rss()) {}

  /**
   * The resident bytes; those of the last time where the system cannot be asked now. On Linux that takes a descriptor,
   * and a crowd of connections may leave none.
   */
  residentBytes(): number {
    try {
      this.#lastBytes = this.read();
    } catch {
      return this.#lastBytes;
    }
    return this.#lastBytes;
  }
}
