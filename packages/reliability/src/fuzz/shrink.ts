import type { Frames, Talk } from './message';

/** Attempts at making a talk smaller, at the most. */
const ATTEMPTS_MAX = 2_000;

/** Every way to make a list smaller by one piece: large pieces first. */
function* without<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at + size <= items.length; at += size) yield items.toSpliced(at, size);
  }
}

function* smallerMessages(messages: readonly Frames[]): Generator<Frames[]> {
  if (messages.length > 1) yield* without(messages);
  for (const [index, frames] of messages.entries()) {
    for (const fewer of without(frames)) yield messages.with(index, fewer);
    for (const [at, frame] of frames.entries()) {
      for (let size = frame.length >> 1; size >= 1; size >>= 1) {
        for (let from = 0; from + size <= frame.length; from += size) {
          const cut = Buffer.concat([frame.subarray(0, from), frame.subarray(from + size)]);
          yield messages.with(index, frames.with(at, cut));
        }
      }
    }
  }
}

/**
 * A smaller talk that is wrong in the same way: messages, frames and bytes are left out for as long as it is.
 * @param isWrong - true where a talk is wrong in that way
 */
export function shrink(talk: Talk, isWrong: (smaller: Talk) => boolean): Talk {
  let smallest = talk;
  let attempts = 0;
  for (let found = true; found;) {
    found = false;
    for (const messages of smallerMessages(smallest.messages)) {
      if (++attempts > ATTEMPTS_MAX) return smallest;
      if (messages.length === 0 || !isWrong({ ...smallest, messages })) continue;
      smallest = { ...smallest, messages };
      found = true;
      break;
    }
  }
  return smallest;
}
