import { z } from 'zod';
import { readFlags, seed, whole } from '../flags';
import { PLANTS } from './parts/params';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios';

/** Requests a second, on average, where nobody says how long the run is to take. */
const PER_SECOND = 400;
/** Requests that are submitted between two kills, on average, where nobody says; and kills at the least. */
const REQUESTS_EACH = 400;
const KILLS_MIN = 8;

const schema = z
  .strictObject({
    scenario: z.enum(SCENARIO_NAMES).default('kills'),
    store: z.enum(['sqlite', 'postgres']).optional(),
    requests: whole(1, 10_000_000).default(10_000),
    /** Over which time they are submitted, in s. */
    seconds: whole(1, 86_400).optional(),
    /** How many processes are killed at the most, or so, with `kills`: fewer where they take long to come back. */
    kills: whole(1, 1_000_000).optional(),
    /** Of the service, with `round-hour`: requests per second. */
    pace: whole(1, 1_000_000).default(1_000),
    seed,
    plant: z.enum(PLANTS).optional(),
    keep: z.string().min(1).optional(),
  })
  .transform(({ store, seconds, kills, ...others }) => ({
    ...others,
    store: store ?? (SCENARIOS[others.scenario].isShared ? ('postgres' as const) : ('sqlite' as const)),
    kills: kills ?? Math.max(KILLS_MIN, Math.round(others.requests / REQUESTS_EACH)),
    seconds: seconds ?? Math.ceil(others.requests / PER_SECOND),
  }))
  .refine(({ scenario, store }) => store === 'postgres' || !SCENARIOS[scenario].isShared, {
    path: ['store'],
    message: 'three titanics share a database: postgres',
  });

/** A run as it was asked for. */
export type DurableOptions = z.output<typeof schema>;

/**
 * The options behind the flags.
 * @throws UsageError, one line that names every flag that does not fit
 */
export function readOptions(flags: Readonly<Record<string, unknown>>): DurableOptions {
  return readFlags(schema, flags);
}
