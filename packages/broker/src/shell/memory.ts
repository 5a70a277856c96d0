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
  /** The resident bytes. */
  readonly residentBytes: () => number;
  /** All that there is to know, in bytes. */
  readonly usage: () => NodeJS.MemoryUsage;

  /**
   * @param readResident - asks the system for the resident bytes; throws where it cannot be asked
   * @param readUsage - the same for all that there is to know, which takes longer
   */
  constructor(
    readResident: () => number = () => process.memoryUsage.rss(),
    readUsage: () => NodeJS.MemoryUsage = () => process.memoryUsage(),
  ) {
    this.residentBytes = orLast(readResident, 0);
    this.usage = orLast(readUsage, NOTHING);
  }
}

/** Reads, and gives what was read the last time where that fails. */
function orLast<T>(read: () => T, first: T): () => T {
  let last = first;
  return () => {
    try {
      last = read();
    } catch {
      return last;
    }
    return last;
  };
}
