import { Cron } from 'croner';
import { InvalidOptionsError } from '@majordomo/protocol';
import type { NextOccurrence } from '../core/schedule';
import type { CronTerms } from '../core/terms';

/**
 * The occurrences of a cron pattern in its time zone. Patterns have five fields, or six with seconds in front.
 * @throws InvalidOptionsError for a pattern or a time zone that there is not
 */
export function occurrencesOf({
  pattern,
  timezone,
}: Pick<CronTerms, 'pattern' | 'timezone'>): NextOccurrence {
  let cron: Cron;
  try {
    cron = new Cron(pattern, { timezone, paused: true });
    cron.nextRun(new Date(0));
  } catch (cause) {
    throw new InvalidOptionsError(
      `The schedule ${JSON.stringify(pattern)} in ${JSON.stringify(timezone)} does not fit: ${(cause as Error).message}`,
      { cause },
    );
  }
  return (after) => cron.nextRun(new Date(after))?.getTime();
}
