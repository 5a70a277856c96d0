/** Where there is no number. */
export const NONE = '–';

const group = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const few = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A number of things, thousands apart. */
export const whole = (value: number): string => group.format(value);

/** A rate: whole numbers from 10 on, short from 100,000 on; what is not quite nothing is not shown as nothing. */
export function rate(value: number | null): string {
  if (value === null) return NONE;
  if (value > 0 && value < 0.01) return '<0.01';
  if (value < 10) return few.format(value);
  return value < 100_000 ? group.format(value) : short.format(value);
}

/** A time with the unit that fits. */
export function time(ms: number | null): string {
  if (ms === null) return NONE;
  if (ms < 1_000) return `${digits.format(ms)} ms`;
  if (ms < 60_000) return `${digits.format(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.floor((ms % 86_400_000) / 3_600_000)} h`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes with the unit that fits. */
export function bytes(value: number): string {
  let unit = 0;
  for (; value >= 1_000 && unit < UNITS.length - 1; unit++) value /= 1_024;
  return `${digits.format(value)} ${UNITS[unit] ?? ''}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** A time of day. */
export const timeOfDay = (at: number): string => clock.format(at);

const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** A date and time, in the time zone of who looks. */
export const timestamp = (at: number): string => full.format(at);
