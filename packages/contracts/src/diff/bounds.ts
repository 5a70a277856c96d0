import type { JsonSchema } from '../types';
import { typesOf } from './json-schema';

/** Bounds that are one number each: the keyword, whether it is the lower one, and what is said of who is beyond. */
const BOUNDS = [
  ['minLength', true, 'may be shorter than'],
  ['maxLength', false, 'may be longer than'],
  ['minItems', true, 'may have fewer items than'],
  ['maxItems', false, 'may have more items than'],
  ['minProperties', true, 'may have fewer properties than'],
  ['maxProperties', false, 'may have more properties than'],
] as const;

/** What the bounds of one schema let through that those of another do not. */
export function beyondBounds(sent: JsonSchema, taken: JsonSchema): readonly string[] {
  const messages = BOUNDS.flatMap(([keyword, isLower, text]) => {
    const bound = taken[keyword];
    const given = sent[keyword];
    if (typeof bound !== 'number' || (isLower && bound <= 0)) return [];
    const holds = typeof given === 'number' && (isLower ? given >= bound : given <= bound);
    return holds ? [] : [`${text} ${bound}`];
  });
  return [...messages, ...beyondNumbers(sent, taken)];
}

/** A bound of numbers: the value, and whether it is itself within. */
interface Limit {
  readonly value: number;
  readonly within: boolean;
}

function beyondNumbers(sent: JsonSchema, taken: JsonSchema): readonly string[] {
  const messages: string[] = [];
  const wholeOnly = [...typesOf(sent)].every((type) => type !== 'number');
  const [sentLow, takenLow] = [lowest(sent, wholeOnly), lowest(taken, wholeOnly)];
  if (
    sentLow.value < takenLow.value ||
    (sentLow.value === takenLow.value && sentLow.within && !takenLow.within)
  ) {
    messages.push(`may be ${takenLow.within ? 'less than' : 'no more than'} ${takenLow.value}`);
  }
  const [sentHigh, takenHigh] = [highest(sent, wholeOnly), highest(taken, wholeOnly)];
  if (
    sentHigh.value > takenHigh.value ||
    (sentHigh.value === takenHigh.value && sentHigh.within && !takenHigh.within)
  ) {
    messages.push(`may be ${takenHigh.within ? 'more than' : 'no less than'} ${takenHigh.value}`);
  }
  const { multipleOf } = taken;
  if (typeof multipleOf === 'number' && !(Number(sent['multipleOf']) % multipleOf === 0)) {
    messages.push(`may be no multiple of ${multipleOf}`);
  }
  return messages;
}

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

function lowest({ minimum, exclusiveMinimum }: JsonSchema, wholeOnly: boolean): Limit {
  const from = numberOr(minimum, -Infinity);
  const above = numberOr(exclusiveMinimum, -Infinity);
  if (above < from || above === -Infinity) return { value: from, within: true };
  return wholeOnly ? { value: Math.floor(above) + 1, within: true } : { value: above, within: false };
}

function highest({ maximum, exclusiveMaximum }: JsonSchema, wholeOnly: boolean): Limit {
  const to = numberOr(maximum, Infinity);
  const below = numberOr(exclusiveMaximum, Infinity);
  if (below > to || below === Infinity) return { value: to, within: true };
  return wholeOnly ? { value: Math.ceil(below) - 1, within: true } : { value: below, within: false };
}
