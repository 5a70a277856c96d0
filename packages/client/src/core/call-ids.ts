import type { Call } from './call';

/** Ids are 1 to this, and then from the start again. */
const ID_MAX = 2 ** 31 - 1;
const SLOTS_MIN = 64;

/**
 * The ids under which calls are known in packed sessions. An id is given to one call until that ends, and then not
 * again for as long as there are others.
 *
 * Calls stand in a table at their id modulo its size. An id whose place is taken is passed over, so that finding a
 * call is one look; the table is kept at most half full, so that a free place is near.
 */
export class CallIds {
  #slots: (Call | undefined)[] = new Array<Call | undefined>(SLOTS_MIN).fill(undefined);
  #mask = SLOTS_MIN - 1;
  #size = 0;
  #last: number;
  /** True once ids have started from 1 again. */
  #wrapped = false;

  /** @param last - the id after which the first is given; for tests */
  constructor(last = 0) {
    this.#last = last;
  }

  /** Calls that have an id. */
  get size(): number {
    return this.#size;
  }

  /** Gives a call its next id. */
  give(call: Call): number {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    let id = this.#last;
    do {
      if (id === ID_MAX) {
        id = 0;
        this.#wrapped = true;
      }
      id++;
    } while (this.#slots[id & this.#mask] !== undefined);
    this.#slots[id & this.#mask] = call;
    this.#last = id;
    this.#size++;
    call.id = id;
    return id;
  }

  /** The call of an id, or `undefined` where it has ended or never was. */
  get(id: number): Call | undefined {
    const call = this.#slots[id & this.#mask];
    return call !== undefined && call.id === id ? call : undefined;
  }

  /** The id of a call is nobody's from now on. */
  free(call: Call): void {
    if (this.get(call.id) !== call) return;
    this.#slots[call.id & this.#mask] = undefined;
    this.#size--;
    call.id = 0;
  }

  /** True for an id that some call has or had. */
  wasGiven(id: number): boolean {
    return id >= 1 && id <= (this.#wrapped ? ID_MAX : this.#last);
  }

  #grow(): void {
    const calls = this.#slots;
    const size = calls.length * 2;
    this.#mask = size - 1;
    this.#slots = new Array<Call | undefined>(size).fill(undefined);
    // Ids that differ in a smaller table differ in a larger one.
    for (const call of calls) if (call) this.#slots[call.id & this.#mask] = call;
  }
}
