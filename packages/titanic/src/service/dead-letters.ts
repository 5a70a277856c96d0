import type { RequestStore } from '../store/store';

/** Which dead letters: these, those of one service, or all. */
export interface DeadChoice {
  readonly ids?: readonly string[] | undefined;
  readonly service?: string | undefined;
  readonly all?: true | undefined;
}

/** Dead letters taken at a time. */
const PAGE = 500;

/** Does something to many dead letters, some at a time. */
export class DeadLetters {
  constructor(private readonly store: RequestStore) {}

  /** Lets them be tried again. @returns how many */
  retry(choice: DeadChoice): Promise<number> {
    return this.#each(choice, async (ids) => {
      const dueAt = this.store.now();
      const changed = await this.store.change(ids.map((id) => ({ id, change: 'revive', dueAt })));
      return changed.filter(({ result }) => result === 'changed').length;
    });
  }

  /** Removes them. @returns how many */
  purge(choice: DeadChoice): Promise<number> {
    return this.#each(choice, (ids) => this.store.remove(ids, 'dead'));
  }

  /** Only what is dead: ids of other requests are passed over. */
  async #each(
    { ids, service }: DeadChoice,
    act: (ids: readonly string[]) => Promise<number>,
  ): Promise<number> {
    if (ids) {
      const found = await this.store.read(ids, []);
      return act(found.flatMap((each) => (each?.state === 'dead' ? [each.id] : [])));
    }
    let count = 0;
    let after: string | undefined;
    do {
      const page = await this.store.list({ state: 'dead', service, limit: PAGE, after });
      if (page.requests.length > 0) count += await act(page.requests.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    return count;
  }
}
