/** The user asked for something that cannot be: one line, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A run that cannot go on, for a reason worth one line: a process that does not get ready, an answer that fails. */
export class RunError extends Error {
  override name = 'RunError';
}

/** What to say of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
