import { Cron } from 'croner';
import { InvalidOptionsError } from '@majordomo/protocol';
import type { NextOccurrence } from '../core/schedule';
import type { CronTerms } from '../core/terms';
import { WallClock } from '../core/wall-clock';

/** A time further away than this is gone towards first, in ms: on the way, the clocks may change more than once. */
const FAR_MS = 24 * 3_600_000;
/** How far before it one goes on to look, in ms: more than clocks are ever changed by. */
const NEAR_MS = FAR_MS / 2;

/**
 * The occurrences of a cron pattern in its time zone, each later than the one before. Patterns have five fields, or six
 * with seconds in front.
 *
 * Where the clocks are put forward, what falls into the time that is skipped comes as much later. Where they are put
 * back, what falls into the time that is there twice comes once, the first time. A pattern for every hour goes by the
 * time that passes instead: it comes as often as ever.
 * @throws InvalidOptionsError for a pattern or a time zone that there is not
 */
export function occurrencesOf({
  pattern,
  timezone,
}: Pick<CronTerms, 'pattern' | 'timezone'>): NextOccurrence {
  try {
    const cron = new Cron(pattern, { timezone: 'UTC', paused: true });
    const nextOnWall: NextOccurrence = (after) => cron.nextRun(new Date(after))?.getTime();
    nextOnWall(0);
    return inZone(nextOnWall, new WallClock(timezone), isOfEveryHour(pattern));
  } catch (cause) {
    throw new InvalidOptionsError(
      `The schedule ${JSON.stringify(pattern)} in ${JSON.stringify(timezone)} does not fit: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** @param nextOnWall - the occurrence after a time, both in wall time */
function inZone(nextOnWall: NextOccurrence, clock: WallClock, isOfEveryHour: boolean): NextOccurrence {
  return (after) => {
    for (let from = after; ;) {
      const next = nextBeforeChange(from, nextOnWall, clock, isOfEveryHour);
      if (next === undefined) return undefined;
      if (next - from > FAR_MS) {
        from = next - NEAR_MS;
        continue;
      }
      const change = clock.changeBetween(from + 1, next);
      if (!change) return next;
      // It was reckoned with clocks that have changed by then.
      from = change.at - 1;
    }
  };
}

/** The occurrence after a time where the clocks do not change before it. */
function nextBeforeChange(
  from: number,
  nextOnWall: NextOccurrence,
  clock: WallClock,
  isOfEveryHour: boolean,
): number | undefined {
  const offsetMs = clock.offsetAt(from + 1);
  const change = clock.changeBefore(from + 1);
  const wall = from + offsetMs;
  if (!change || isOfEveryHour) return minus(nextOnWall(wall), offsetMs);
  const { at, beforeMs, afterMs } = change;
  if (afterMs < beforeMs) return minus(nextOnWall(Math.max(wall, at + beforeMs - 1)), offsetMs);
  const skipped = nextOnWall(from + beforeMs);
  const isSkipped = skipped !== undefined && skipped < at + afterMs;
  return Math.min(minus(nextOnWall(wall), offsetMs) ?? Infinity, isSkipped ? skipped - beforeMs : Infinity);
}

const minus = (wall: number | undefined, offsetMs: number): number | undefined =>
  wall === undefined ? undefined : wall - offsetMs;

/** True where the hours of a pattern are all there are. */
function isOfEveryHour(pattern: string): boolean {
  const fields = pattern.trim().split(/\s+/);
  return fields.length === 1
    ? /^@hourly$/i.test(pattern.trim())
    : fields[fields.length === 5 ? 1 : 2] === '*';
}
