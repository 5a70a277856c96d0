import { UsageError } from './errors';

/**
 * The whole number that an option was given, or what stands for it where it was not.
 * @throws UsageError for anything else, and for numbers below `least` or above `most`
 */
export function wholeNumber<Default>(
  option: string,
  given: unknown,
  otherwise: Default,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number | Default {
  if (given === undefined) return otherwise;
  const number = Number(given);
  const isWhole = typeof given === 'string' && given.trim() !== '' && Number.isSafeInteger(number);
  if (isWhole && number >= least && number <= most) return number;
  throw new UsageError(`${option} takes a whole number from ${least} to ${most}, not ${String(given)}.`);
}
