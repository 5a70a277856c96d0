import { UsageError } from '../exit';

/**
 * UUIDs as titanic knows them.
 * @throws UsageError naming the first that is none
 */
export function requireIds(texts: readonly string[]): string[] {
  const wrong = texts.find((text) => !/^[0-9a-f]{32}$/i.test(text));
  if (wrong === undefined) return texts.map((text) => text.toLowerCase());
  throw new UsageError(
    `an id is the UUID that submit printed, 32 hex characters, got ${JSON.stringify(wrong.slice(0, 80))}`,
  );
}

/** The one UUID that a command takes. */
export function requireId([text = '']: readonly string[]): string {
  return requireIds([text])[0] ?? '';
}
