const NOTHING: NodeJS.MemoryUsage = Object.freeze({
  rss: 0,
  heapTotal: 0,
  heapUsed: 0,
  external: 0,
  arrayBuffers: 0,
});

/**
 * What this process has in memory, as far as it can be found out; what was found the last time where the system cannot
 * be asked now. On Linux that takes a descriptor, and a crowd of connections may leave none.
 */
export class Memory {
  #lastBytes = 0;
  #lastUsage = NOTHING;

  /**
   * @param readResident - asks the system for the resident bytes; throws where it cannot be asked
   * @param readUsage - the same for all that there is to know, which takes longer
   */
  constructor(
    private readonly readResident: () => number = () => process.memoryUsage.rss(),
    private readonly readUsage: () => NodeJS.MemoryUsage = () => process.memoryUsage(),
  ) {}

  residentBytes(): number {
    try {
      this.#lastBytes = this.readResident();
    } catch {
      return this.#lastBytes;
    }
    return this.#lastBytes;
  }

  /** All that there is to know, in bytes. */
  usage(): NodeJS.MemoryUsage {
    try {
      this.#lastUsage = this.readUsage();
    } catch {
      return this.#lastUsage;
    }
    return this.#lastUsage;
  }
}
