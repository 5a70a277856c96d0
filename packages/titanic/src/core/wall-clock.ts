/** How far clocks are ever put forward or back at once, in ms; and how long before one looks for it. */
const CHANGE_MS_MAX = 3 * 3_600_000;

/** A time at which the clocks of a zone change, and how far they are ahead of UTC before and after it; all in ms. */
export interface ClockChange {
  readonly at: number;
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** The clocks on the walls of a time zone. Wall times are ms since 1970 as if they were UTC. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat | undefined;

  /**
   * @param timezone - IANA name
   * @throws RangeError for a time zone that there is not
   */
  constructor(timezone: string) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    this.#format = format.resolvedOptions().timeZone === 'UTC' ? undefined : format;
  }

  /** How far the clocks are ahead of UTC at a time, in ms. */
  offsetAt(time: number): number {
    if (!this.#format) return 0;
    const parts = this.#format.formatToParts(time);
    const of = (type: Intl.DateTimeFormatPartTypes): number =>
      Number(parts.find((part) => part.type === type)?.value);
    const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
    return wall - Math.floor(time / 1_000) * 1_000;
  }

  /** The change of the clocks after `from` and until `to`, which are so close together that there is one at the most. */
  changeBetween(from: number, to: number): ClockChange | undefined {
    const [beforeMs, afterMs] = [this.offsetAt(from), this.offsetAt(to)];
    if (beforeMs === afterMs) return undefined;
    // In seconds: clocks change at whole ones.
    let [early, late] = [Math.floor(from / 1_000), Math.ceil(to / 1_000)];
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if (this.offsetAt(middle * 1_000) === beforeMs) early = middle;
      else late = middle;
    }
    return { at: late * 1_000, beforeMs, afterMs };
  }

  /** The change that was so shortly before a time that its wall time may have been skipped, or have been before. */
  changeBefore(time: number): ClockChange | undefined {
    return this.changeBetween(time - CHANGE_MS_MAX, time);
  }
}
