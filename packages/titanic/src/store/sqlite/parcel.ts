/** What a parcel holds one by one: what is cloned at little cost. */
export type Value = string | number | boolean | undefined;

/** Values in one row and bytes in one piece: on the way to a thread, an object each costs six times as much. */
export interface Parcel {
  readonly values: readonly Value[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Packs values, to be unpacked in the same order. */
export class Packer {
  readonly #values: Value[] = [];
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  add(value: Value): void {
    this.#values.push(value);
  }

  addBytes(piece: Uint8Array | undefined): void {
    this.#values.push(piece?.length);
    if (!piece) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  addAll<Item>(items: readonly Item[], add: (item: Item) => void): void {
    this.#values.push(items.length);
    for (const item of items) add(item);
  }

  finish(): Parcel {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { values: this.#values, bytes };
  }
}

/** Unpacks what a {@link Packer} has packed, in the same order. */
export class Unpacker {
  readonly #parcel: Parcel;
  #at = 0;
  #bytesAt = 0;

  constructor(parcel: Parcel) {
    this.#parcel = parcel;
  }

  /** The next value, of the type that was added. */
  next<Type extends Value>(): Type {
    return this.#parcel.values[this.#at++] as Type;
  }

  /** The next bytes: a view, for those who are done with it soon. */
  view(): Uint8Array | undefined {
    const length = this.next<number | undefined>();
    if (length === undefined) return undefined;
    const from = this.#bytesAt;
    this.#bytesAt += length;
    return this.#parcel.bytes.subarray(from, this.#bytesAt);
  }

  /** The next bytes, of their own: whoever keeps them keeps nothing else of the parcel. */
  copy(): Uint8Array | undefined {
    const view = this.view();
    return view && Buffer.from(view);
  }

  all<Item>(next: () => Item): Item[] {
    return Array.from({ length: this.next<number>() }, next);
  }
}
