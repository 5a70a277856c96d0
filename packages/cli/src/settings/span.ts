import { TIMER_MS_MAX } from '@majordomo/protocol';
import { z } from 'zod';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const PART = String.raw`(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d|w)`;
const WHOLE = new RegExp(String.raw`^\s*(?:${PART}\s*)+$`);

/** How long anything durable may last, in ms: ten years. */
export const SPAN_MS_MAX = 315_576_000_000;

/** What a time span looks like, for messages. */
export const SPAN_EXAMPLES = '500ms, 30s, 5m, 1h30m or 2d';

/** `1h30m`, `90s` or `2 d` in ms; `undefined` where the text is no time span. A number needs a unit. */
export function parseSpan(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let ms = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(new RegExp(PART, 'g'))) {
    ms += Number(amount) * (UNITS_MS[unit] ?? NaN);
  }
  return Math.round(ms);
}

/**
 * A time span as text, in ms.
 * @param bounds - in ms; `most` says the upper one in words
 */
function spanText(bounds: { readonly min: number; readonly max: number; readonly most: string }) {
  const { min, max, most } = bounds;
  const fit = `time span from ${min} ms to ${most}`;
  const span = z.string().meta({ title: fit });
  return span.transform((text, { addIssue }) => {
    const ms = parseSpan(text);
    if (ms !== undefined && ms >= min && ms <= max) return ms;
    const message =
      ms === undefined
        ? `should be a time span with its unit, such as ${SPAN_EXAMPLES}`
        : `should be a ${fit}`;
    addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A time span of up to ten years. */
export const longSpan = (min: number) => spanText({ min, max: SPAN_MS_MAX, most: 'ten years' });

/** A time span that a timer of Node holds. */
export const timerSpan = (min: number) => spanText({ min, max: TIMER_MS_MAX, most: '24 days' });
