import { QueueFullError, type Logger } from '@majordomo/protocol';
import type {
  DurableAction,
  DurableCounts,
  DurablePage,
  DurableQuery,
  DurableRequest,
  DurableWork,
} from './durable-work';

/** How long counts are as good as new, in ms: all who watch see the same. */
const FRESH_MS = 1_000;
/** Questions under way at one time, for all who watch. */
const QUESTIONS_MAX = 16;

/** Durable work for all who look at it: however many they are, it is asked no more than it can bear. */
export class DurableDesk {
  #counts: Promise<DurableCounts> | undefined;
  #until = 0;
  #questions = 0;

  constructor(
    private readonly work: DurableWork,
    private readonly logger: Logger,
  ) {}

  /** One question at a time, and one for all who ask within a second. */
  stats(): Promise<DurableCounts> {
    if (this.#counts && performance.now() < this.#until) return this.#counts;
    this.#until = Infinity;
    this.#counts = this.#ask(() => this.work.stats()).finally(() => {
      this.#until = performance.now() + FRESH_MS;
    });
    return this.#counts;
  }

  list(query: DurableQuery): Promise<DurablePage> {
    return this.#ask(() => this.work.list(query));
  }

  get(id: string): Promise<DurableRequest> {
    return this.#ask(() => this.work.get(id));
  }

  /** Does it, and says so in the log. @returns to how many */
  async act(action: DurableAction): Promise<number> {
    const count = await this.#ask(() => this.work.act(action));
    this.logger.info({ event: 'durableAction', ...action, count }, 'durable work was changed by hand');
    // What was counted before is no longer so.
    if (this.#until !== Infinity) this.#until = 0;
    return count;
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    if (this.#questions >= QUESTIONS_MAX) {
      throw new QueueFullError(`${QUESTIONS_MAX} questions about durable work are under way: ask again.`);
    }
    this.#questions++;
    try {
      return await question();
    } finally {
      this.#questions--;
    }
  }
}
