import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type pg from 'pg';

/** Statements that are prepared, of each connection; there are some dozens. */
const STATEMENTS_MAX = 500;

/**
 * Commits wait for the disk, whatever the database, or the role, says otherwise; where it says more, such as for a replica
 * as well, that holds.
 */
const DURABLE = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`;

/** How long an answer may take, in ms: longer than any statement may. What takes longer does not come any more. */
const ANSWER_MS_MAX = 65_000;

/**
 * Connections on which each statement is parsed and planned once, and afterwards only executed: planning ours takes as
 * long as executing them.
 */
export class PreparingPool implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  /** A name for each statement, the same on all connections. */
  readonly #names = new Map<string, string>();
  /** Connections that answer no more, though nobody has closed them: they are not used again. */
  readonly #mute = new WeakMap<pg.PoolClient, Error>();

  constructor(
    pool: pg.Pool,
    private readonly answerMsMax = ANSWER_MS_MAX,
  ) {
    this.#pool = pool;
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#pool.connect();
    const known = this.#clients.get(client);
    if (known) return known;
    await this.#begin(client);
    const preparing = {
      query: <Row>(text: string, values: readonly unknown[]) => this.#query<Row>(client, text, values),
      release: () => client.release(this.#mute.has(client)),
    } as PostgresPoolClient;
    this.#clients.set(client, preparing);
    return preparing;
  }

  /** Does on a new connection what comes before all else. */
  async #begin(client: pg.PoolClient): Promise<void> {
    try {
      await this.#answered(client, () => client.query(DURABLE));
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  /** What takes no values is `BEGIN`, `COMMIT` or done once. */
  #query<Row>(
    client: pg.PoolClient,
    text: string,
    values: readonly unknown[],
  ): Promise<PostgresQueryResult<Row>> {
    const name = values.length === 0 ? undefined : this.#nameOf(text);
    const query = name === undefined ? { text, values: [...values] } : { name, text, values: [...values] };
    return this.#answered(client, () => client.query(query) as unknown as Promise<PostgresQueryResult<Row>>);
  }

  /** An answer that comes in time: a network that drops everything says nothing for a quarter of an hour. */
  async #answered<Answer>(client: pg.PoolClient, ask: () => Promise<Answer>): Promise<Answer> {
    const fault = this.#mute.get(client);
    if (fault) throw fault;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`The database has not answered for ${this.answerMsMax} ms.`);
        this.#mute.set(client, error);
        reject(error);
      }, this.answerMsMax);
    });
    try {
      return await Promise.race([ask(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= STATEMENTS_MAX) return known;
    const name = `titanic_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}
