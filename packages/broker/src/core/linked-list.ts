/** One place in a {@link LinkedList}; whoever holds it can take its value out in constant time. */
export class ListNode<T> {
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;

  constructor(
    readonly value: T,
    private list: LinkedList<T> | undefined,
  ) {}

  /** Takes the value out of its list; does nothing where it is out already. */
  remove(): void {
    this.list?.unlink(this);
    this.list = undefined;
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

  /** Adds at the end. */
  push(value: T): ListNode<T> {
    const node = new ListNode(value, this);
    node.previous = this.#last;
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#length++;
    return node;
  }

  /** For {@link ListNode.remove} alone. */
  unlink(node: ListNode<T>): void {
    if (node.previous) node.previous.next = node.next;
    else this.#first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.#last = node.previous;
    node.previous = undefined;
    node.next = undefined;
    this.#length--;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let node = this.#first; node; node = node.next) yield node.value;
  }
}
