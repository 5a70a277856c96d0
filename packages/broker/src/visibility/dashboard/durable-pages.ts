import type { DurableQuery, DurableRequest } from '../durable/durable-work';
import { list } from './durable-api';

/** Requests on a page. */
export const PAGE = 50;
/** Pages that one search asks for before it says so: each looks at some thousand requests. */
const LOOKS_MAX = 10;

/** What to list: all but the place in it. */
export type Wanted = Omit<DurableQuery, 'limit' | 'after'>;

/** Goes through the pages of a list. */
export class Pages {
  #wanted: Wanted = {};
  /** Where the pages begin that were shown, this one last. */
  #cursors: (string | undefined)[] = [undefined];
  requests: readonly DurableRequest[] = [];
  /** Where the next page begins; `undefined` where this is the last. */
  next: string | undefined;
  /** True where a page took several looks: it is not asked for again and again. */
  isSlow = false;

  /** 1 and more. */
  get number(): number {
    return this.#cursors.length;
  }

  /** Goes to the first page of a list. */
  want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.first();
  }

  first(): void {
    this.#cursors = [undefined];
    this.isSlow = false;
  }

  forward(): void {
    if (this.next !== undefined) this.#cursors.push(this.next);
    this.isSlow = false;
  }

  /** Reads the page; false where another one was wanted before it was there. */
  async load(): Promise<boolean> {
    const wanted = this.#wanted;
    const cursors = this.#cursors;
    const { length } = cursors;
    const requests: DurableRequest[] = [];
    let after = cursors.at(-1);
    let looks = 0;
    do {
      const page = await list({ ...wanted, limit: PAGE - requests.length, after });
      if (wanted !== this.#wanted || cursors !== this.#cursors || length !== cursors.length) return false;
      requests.push(...page.requests);
      after = page.next;
      looks++;
    } while (requests.length < PAGE && after !== undefined && looks < LOOKS_MAX);
    this.requests = requests;
    this.next = after;
    this.isSlow = looks > 1;
    return true;
  }
}
