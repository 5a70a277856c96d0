import type { RunningPart } from '../part';
import { privatePostgres, usageOfPostgres } from '../postgres';

/** PostgreSQL itself. */
export async function start(): Promise<RunningPart> {
  const postgres = await privatePostgres();
  return {
    address: postgres.url,
    answers: { usage: () => usageOfPostgres(postgres) },
    // There is nothing to save.
    close: () => postgres.kill(),
  };
}
