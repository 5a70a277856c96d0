import { RequestTakenError, RequestUnknownError } from '@majordomo/protocol';
import type {
  DurableAction,
  DurableCounts,
  DurablePage,
  DurableQuery,
  DurableRequest,
  DurableWork,
} from '../../src/index';

/** A request that is due. */
export const durable = (id: string, fields: Partial<DurableRequest> = {}): DurableRequest => ({
  id: id.padStart(32, '0'),
  state: 'due',
  service: 'mail',
  priority: 4,
  dueAt: Date.now() - 3_000,
  submittedAt: Date.now() - 60_000,
  attempts: 0,
  bytes: 1_234,
  ...fields,
});

const WAITS = new Set(['scheduled', 'due', 'retrying']);

/** Durable work that a test makes up: a table in memory, and what was asked of it. */
export class DurableDouble implements DurableWork {
  readonly acted: DurableAction[] = [];
  readonly queries: DurableQuery[] = [];
  asked = 0;
  /** Questions that were under way at one time, at the most. */
  most = 0;
  #under = 0;
  /** What every question is answered with, where there is something. */
  failure: Error | undefined;
  /** What every question waits for. */
  gate: Promise<void> | undefined;
  /** How many there are more of than are in the table, by state. */
  extra: Readonly<Record<string, number>> = {};
  #requests: DurableRequest[];

  constructor(requests: readonly DurableRequest[]) {
    this.#requests = [...requests];
  }

  get requests(): readonly DurableRequest[] {
    return this.#requests;
  }

  set(id: string, fields: Partial<DurableRequest>): void {
    this.#requests = this.#requests.map((each) => (each.id === id ? { ...each, ...fields } : each));
  }

  async #answer(): Promise<void> {
    this.asked++;
    this.most = Math.max(this.most, ++this.#under);
    await this.gate;
    this.#under--;
    if (this.failure) throw this.failure;
  }

  async stats(): Promise<DurableCounts> {
    await this.#answer();
    const names = [...new Set(this.#requests.map(({ service }) => service))];
    const of = (service: string, states: readonly string[]): DurableRequest[] =>
      this.#requests.filter((each) => each.service === service && states.includes(each.state));
    return {
      services: names.flatMap((service) =>
        (
          [
            ['waiting', [...WAITS]],
            ['running', ['running']],
            ['done', ['done']],
            ['dead', ['dead']],
          ] as const
        ).map(([state, states]) => ({
          service,
          state,
          requests: of(service, states).length + (this.extra[state] ?? 0),
          bytes: 2_048,
        })),
      ),
      backlog: names.map((service) => ({
        service,
        due: of(service, ['due']).length,
        retrying: of(service, ['retrying']).length,
        oldestDueAt: of(service, ['due'])
          .map(({ dueAt }) => dueAt)
          .sort()[0],
        isMore: false,
      })),
    };
  }

  async list(query: DurableQuery): Promise<DurablePage> {
    this.queries.push(query);
    await this.#answer();
    const { state, service, idPrefix, search, limit, after = '0' } = query;
    const all = this.#requests.filter(
      (each) =>
        (state === undefined || each.state === state) &&
        (service === undefined || each.service === service) &&
        (idPrefix === undefined || each.id.startsWith(idPrefix)) &&
        (search === undefined || each.service.includes(search)),
    );
    const from = Number(after);
    const next = from + limit < all.length ? String(from + limit) : undefined;
    return { requests: all.slice(from, from + limit), next };
  }

  async get(id: string): Promise<DurableRequest> {
    await this.#answer();
    const found = this.#requests.find((each) => each.id === id);
    if (found) return found;
    throw new RequestUnknownError(`There is no request ${id}.`);
  }

  async act(action: DurableAction): Promise<number> {
    await this.#answer();
    this.acted.push(action);
    if (!('id' in action)) {
      const dead = this.#requests.filter(
        ({ state, service }) => state === 'dead' && (!('service' in action) || service === action.service),
      );
      this.#requests = this.#requests.filter((each) => !dead.includes(each));
      return dead.length;
    }
    const { state } = await this.get(action.id);
    const wanted =
      action.action === 'cancel' || action.action === 'reschedule' ? WAITS.has(state) : state === 'dead';
    if (!wanted) throw new RequestTakenError(`Request ${action.id} is ${state}.`);
    if (action.action === 'purge') this.#requests = this.#requests.filter(({ id }) => id !== action.id);
    if (action.action === 'cancel') this.set(action.id, { state: 'cancelled', endedAt: Date.now() });
    if (action.action === 'retry') this.set(action.id, { state: 'due', attempts: 0 });
    if (action.action === 'reschedule') this.set(action.id, { state: 'scheduled', dueAt: action.at });
    return 1;
  }
}
