/** The place of a value in a {@link LinkedList}, in one at a time; whoever holds it can take it out in constant time. */
export class ListNode<T> {
  /** For lists alone. */
  list: LinkedList<T> | undefined = undefined;
  previous: ListNode<T> | undefined = undefined;
  next: ListNode<T> | undefined = undefined;

  constructor(readonly value: T) {}

  /** Takes the value out of its list; does nothing where it is in none. */
  remove(): void {
    this.list?.unlink(this);
  }
}

/**
 * A doubly linked list: adding at the end and removal from anywhere in constant time, whatever came
 * and went before. A `Set` keeps holes where values were deleted and walks over them to find its first.
 */
export class LinkedList<T> implements Iterable<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#first?.value;
  }

  /** The value that so many stand behind; found from the end. */
  fromEnd(behind: number): T | undefined {
    let node = this.#last;
    for (let n = 0; n < behind; n++) node = node?.previous;
    return node?.value;
  }

  /** Adds a value at the end. */
  push(value: T): ListNode<T> {
    const node = new ListNode(value);
    this.append(node);
    return node;
  }

  /** Puts a node at the end, out of the list where it was. */
  append(node: ListNode<T>): void {
    if (node === this.#last) return;
    node.list?.unlink(node);
    node.list = this;
    node.previous = this.#last;
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#length++;
  }

  /** For {@link ListNode.remove} alone. */
  unlink(node: ListNode<T>): void {
    if (node.previous) node.previous.next = node.next;
    else this.#first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.#last = node.previous;
    node.previous = undefined;
    node.next = undefined;
    node.list = undefined;
    this.#length--;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let node = this.#first; node; node = node.next) yield node.value;
  }
}
