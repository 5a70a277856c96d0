import type { z } from 'zod';
import { InvalidOptionsError } from './errors';

/**
 * Validates what a user wrote, fills in defaults and freezes the result; the input is left as it is.
 * @param what - names the thing in the error, such as `broker`
 * @throws InvalidOptionsError naming every option that does not fit
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: string,
): Readonly<z.output<Schema>> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return Object.freeze(parsed.data as object) as Readonly<z.output<Schema>>;
  const faults = parsed.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new InvalidOptionsError(`The ${what} options do not fit: ${faults.join('; ')}.`, {
    cause: parsed.error,
  });
}
