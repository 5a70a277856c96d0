import { z } from 'zod';
import { UsageError } from './errors';
import { PEER_NAMES } from './peers/peer-names';
import type { RunOptions } from './scenarios/options';

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 1_024, MiB: 1_024 * 1_024 };
const SIZE = /^(?<count>\d+)(?<unit>B|KiB|MiB|)$/;
/** No message may have more in our broker's default limits, an envelope included. */
const SIZE_MAX = 32 * 1_024 * 1_024;

const list = <Item extends z.ZodType<unknown, string>>(item: Item) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1));

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^[\d_]+$/, `should be a whole number from ${min} to ${max}`)
    .transform((text) => Number(text.replaceAll('_', '')))
    .pipe(z.number().int().min(min).max(max));

const size = z
  .string()
  .regex(SIZE, 'should be bytes, such as 100, 1KiB or 2MiB')
  .transform((text) => {
    const { count = '', unit = '' } = SIZE.exec(text)?.groups ?? {};
    return Number(count) * (UNITS[unit] ?? 1);
  })
  .pipe(z.number().int().min(1).max(SIZE_MAX));

const optionsSchema = z.strictObject({
  quick: z.boolean().default(false),
  json: z.boolean().default(false),
  peers: list(z.enum(PEER_NAMES)).optional(),
  rounds: whole(1, 1_000).optional(),
  seconds: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'should be a number of seconds')
    .transform(Number)
    .pipe(z.number().min(0.1).max(3_600))
    .optional(),
  inFlight: list(whole(1, 100_000)).optional(),
  sizes: list(size).optional(),
  requests: whole(1, 1_000_000_000).optional(),
  checkpoint: whole(1, 1_000_000_000).optional(),
  max: whole(1, 10_000_000).optional(),
  from: z.string().min(1).optional(),
  out: z.string().min(1).optional(),
});

/** How the flag of an option is written: `inFlight` is `--in-flight`. */
const flagOf = (option: string): string =>
  `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * The options behind the flags, checked and in their units.
 * @throws UsageError, one line that names every flag that does not fit
 */
export function readOptions(flags: Readonly<Record<string, unknown>>): RunOptions {
  const parsed = optionsSchema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${flagOf(String(path[0]))}: ${message}`);
  throw new UsageError([...new Set(faults)].join('; '));
}
