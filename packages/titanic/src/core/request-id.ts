/** Random bytes of an id. */
export const ID_RANDOM_BYTES = 10;

const ID = /^[0-9a-f]{32}$/i;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/**
 * The UUID of a request: 32 hex characters (RFC 9), of which the first 12 are its time in ms, so that requests of one
 * time lie together in a store, and the others are random, so that nobody guesses it.
 * @param random - {@link ID_RANDOM_BYTES} random bytes
 */
export function makeRequestId(now: number, random: Uint8Array): string {
  return Math.max(0, now).toString(16).padStart(12, '0').slice(-12) + toHex(random);
}

/** The id in its one form, lower case; `undefined` for anything but 32 hex characters. */
export function parseRequestId(text: string): string | undefined {
  return ID.test(text) ? text.toLowerCase() : undefined;
}
