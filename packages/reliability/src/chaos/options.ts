import { z } from 'zod';
import { readFlags, seed, whole } from '../flags';

/** What happens to the cast. */
export const SCENARIOS = ['storm', 'rolling', 'broker-kill'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

const schema = z.strictObject({
  scenario: z.enum(SCENARIOS).default('storm'),
  seconds: whole(1, 86_400).default(60),
  seed,
  keep: z.string().min(1).optional(),
});

/** A run as it was asked for. */
export type ChaosOptions = z.output<typeof schema>;

/**
 * The options behind the flags.
 * @throws UsageError, one line that names every flag that does not fit
 */
export function readOptions(flags: Readonly<Record<string, unknown>>): ChaosOptions {
  return readFlags(schema, flags);
}
