import { z } from 'zod';
import { UsageError } from '../errors';
import { readFlags } from '../flags';
import { SCENARIOS, type Scenario } from './scenarios/table';

const SECONDS_DEFAULT = 60;

const optionsSchema = z.strictObject({
  seconds: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'should be a number of seconds')
    .transform(Number)
    .pipe(z.number().min(1).max(3_600))
    .default(SECONDS_DEFAULT),
  scenario: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .optional(),
});

/** What a run is to do. */
export interface OverloadOptions {
  readonly seconds: number;
  readonly scenarios: readonly Scenario[];
}

/**
 * The options behind the flags.
 * @throws UsageError, one line that names every flag that does not fit
 */
export function readOptions(flags: Readonly<Record<string, unknown>>): OverloadOptions {
  const { seconds, scenario: names } = readFlags(optionsSchema, flags);
  const unknown = names?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    const known = SCENARIOS.map(({ name }) => name).join(', ');
    throw new UsageError(`--scenario: there is no ${JSON.stringify(unknown)}, only ${known}`);
  }
  return { seconds, scenarios: SCENARIOS.filter(({ name }) => names?.includes(name) ?? true) };
}
