/** The user asked for something that cannot be: one line, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A run that cannot go on, for a reason worth one line: a child that died, an answer that did not come. */
export class BenchError extends Error {
  override name = 'BenchError';
}

/** What to say of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
