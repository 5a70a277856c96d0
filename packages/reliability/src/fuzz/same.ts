import type { Body, Metadata } from '@majordomo/protocol';

/*
 * Commands compared by what they say. Bodies and metadata are recognised by their shape, for a codec with a planted bug
 * has classes of its own.
 */

const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && 'frames' in value;
const isMetadata = (value: unknown): value is Metadata =>
  typeof value === 'object' && value !== null && 'bytes' in value;

/** True where both hold the same bytes. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0;
}

/** True where both are the same frames. */
export function sameFrames(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((frame, index) => sameBytes(frame, right[index] ?? frame));
}

function sameValue(left: unknown, right: unknown): boolean {
  if (isBody(left)) return isBody(right) && sameFrames(left.frames, right.frames);
  if (isMetadata(left)) return isMetadata(right) && sameBytes(left.bytes, right.bytes);
  return left === right;
}

/** The first field in which two commands differ, or `undefined`. */
export function difference(left: object, right: object): string | undefined {
  const [ours, theirs] = [left as Record<string, unknown>, right as Record<string, unknown>];
  if (Object.keys(ours).length !== Object.keys(theirs).length) return 'number of fields';
  return Object.keys(ours).find((key) => !sameValue(ours[key], theirs[key]));
}

/** The first of the commands that differ, and in what, or `undefined`. */
export function differenceOfLists(left: readonly object[], right: readonly object[]): string | undefined {
  if (left.length !== right.length) return `${left.length} commands against ${right.length}`;
  for (const [index, command] of left.entries()) {
    const field = difference(command, right[index] ?? {});
    if (field !== undefined) return `command ${index}, ${field}`;
  }
  return undefined;
}
