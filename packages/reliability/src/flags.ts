import { z } from 'zod';
import { UsageError } from './errors';

/** Seeds that are drawn are below this. */
const SEED_MAX = 2 ** 31 - 1;

/** A whole number, as a flag has it. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `should be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));

/** Where a run comes from; one of its own unless it is given. */
export const seed = whole(0, SEED_MAX).default(() => Math.floor(Math.random() * SEED_MAX));

/**
 * The options behind the flags, as commander read them.
 * @throws UsageError, one line that names every flag that does not fit
 */
export function readFlags<Schema extends z.ZodType>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`);
  throw new UsageError([...new Set(faults)].join('; '));
}
