import { z } from 'zod';
import { UsageError } from '../errors';

/** What happens to the cast. */
export const SCENARIOS = ['storm', 'rolling', 'broker-kill'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

const SEED_MAX = 2 ** 31 - 1;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `should be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));

const schema = z.strictObject({
  scenario: z.enum(SCENARIOS).default('storm'),
  seconds: whole(1, 86_400).default(60),
  seed: whole(0, SEED_MAX).default(() => Math.floor(Math.random() * SEED_MAX)),
  keep: z.string().min(1).optional(),
});

/** A run as it was asked for. */
export type ChaosOptions = z.output<typeof schema>;

/**
 * The options behind the flags.
 * @throws UsageError, one line that names every flag that does not fit
 */
export function readOptions(flags: Readonly<Record<string, unknown>>): ChaosOptions {
  const parsed = schema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`);
  throw new UsageError([...new Set(faults)].join('; '));
}
