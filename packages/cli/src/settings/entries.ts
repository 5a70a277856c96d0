import { z } from 'zod';
import { parseSpan, SPAN_EXAMPLES } from './span';

/** Numbers by key, by name: what a config file has for such a setting. */
export type Entries = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What an entry may hold: keys as a config file has them. Those that end with `Ms` are time spans on a command line. */
export type EntryKeys = readonly string[];

/** `backoffMinMs` → `backoff-min` */
export function wordOf(key: string): string {
  return key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Several `NAME:KEY=VALUE,KEY=VALUE`, or the object that a config file has in their place; the outcome is that object.
 * Whether the numbers fit is left to whoever takes them.
 */
export function entries(keys: EntryKeys) {
  const fromFile = z.record(
    z.string(),
    z.partialRecord(z.enum(keys as [string, ...string[]]), z.number()),
    `should be an object by name, each with some of ${keys.join(', ')}, all numbers`,
  );
  return z.unknown().transform((value, { addIssue }): Entries | undefined => {
    if (value === undefined) return undefined;
    try {
      if (Array.isArray(value)) return merge(value.map((text) => parseEntry(String(text), keys)));
      const parsed = fromFile.safeParse(value);
      if (parsed.success) return parsed.data as Entries;
      throw new EntryFault(`should have objects by name, each of numbers for some of ${keys.join(', ')}`);
    } catch (error) {
      if (!(error instanceof EntryFault)) throw error;
      addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

/** What is wrong with an entry. */
class EntryFault extends Error {}

type Entry = readonly [name: string, values: Readonly<Record<string, number>>];

/** A name that is given twice has the values of both, the later ones first. */
function merge(all: readonly Entry[]): Entries {
  const merged: Record<string, Record<string, number>> = {};
  for (const [name, values] of all) merged[name] = { ...merged[name], ...values };
  return merged;
}

/** The name ends at the last colon: no value has one, names may. */
function parseEntry(text: string, keys: EntryKeys): Entry {
  const [, name = '', list = ''] = /^(.+):([^:]*)$/s.exec(text) ?? [];
  if (name === '' || list === '') {
    throw new EntryFault(`should be NAME:KEY=VALUE,… with some of ${keys.map(wordOf).join(', ')}`);
  }
  return [name, Object.fromEntries(list.split(',').map((pair) => parsePair(pair, keys)))];
}

function parsePair(pair: string, keys: EntryKeys): readonly [key: string, value: number] {
  const [, word = pair, value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
  const key = keys.find((each) => wordOf(each) === word);
  if (key === undefined) {
    throw new EntryFault(`has ${JSON.stringify(word)}, which is none of ${keys.map(wordOf).join(', ')}`);
  }
  const number = key.endsWith('Ms') ? parseSpan(value) : parseNumber(value);
  if (number !== undefined) return [key, number];
  const fit = key.endsWith('Ms') ? `a time span with its unit, such as ${SPAN_EXAMPLES}` : 'a number';
  throw new EntryFault(`has ${JSON.stringify(pair)}, where ${word} should be ${fit}`);
}

function parseNumber(text: string): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}
