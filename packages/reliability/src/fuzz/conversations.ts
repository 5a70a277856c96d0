import type { Direction, Frames, Tongue } from './message';
import { mutated } from './mutate';
import { Rng } from './rng';
import { newSender, openingOf, packedMessage, plainMessage, seedOf } from './seeds';

/** Messages of one connection, between these. */
const MESSAGES_MIN = 10;
const MESSAGES_MAX = 120;
/** One conversation in so many has no opening, and one message in so many is of anything. */
const UNOPENED = 12;
const FOREIGN = 16;
/** Keeps these numbers apart from those of the decoders. */
const CONVERSATIONS = 2 ** 41;

/** What one hostile peer says to a broker on one connection. */
export interface Conversation {
  readonly number: number;
  readonly direction: Direction;
  readonly tongue: Tongue;
  readonly messages: readonly Frames[];
}

/** The message that makes a peer what it pretends to be: HELLO, or READY. A plain client needs none. */
function opening(rng: Rng, direction: Direction, tongue: Tongue): Frames[] {
  if (direction === 'client-to-broker' && tongue !== 'packed') return [];
  return [openingOf(rng, direction, tongue)];
}

/**
 * The messages of a hostile client or worker: an opening as it should be, then what a well-behaved peer would say and
 * what has been changed about it, again and again, for a session that was ended is begun anew.
 */
export function conversationOf(seed: number, number: number): Conversation {
  const rng = new Rng(seed, CONVERSATIONS + number);
  const direction = rng.oneIn(2) ? 'client-to-broker' : 'worker-to-broker';
  const tongue = rng.oneIn(2) ? 'packed' : rng.pick(['mdp/0.1', 'mdp/0.2', 'req'] as const);
  const messages = rng.oneIn(UNOPENED) ? [] : opening(rng, direction, tongue);
  let sender = newSender(direction);
  let last = seedOf(rng).frames;
  for (let left = rng.between(MESSAGES_MIN, MESSAGES_MAX); left > 0; left--) {
    if (rng.oneIn(FOREIGN)) {
      const foreign = seedOf(rng);
      messages.push(mutated(rng, foreign.tongue, foreign.frames, last));
      continue;
    }
    const frames =
      tongue === 'packed' ? packedMessage(rng, direction, sender) : plainMessage(rng, direction, tongue);
    const changed = rng.oneIn(2);
    messages.push(changed ? mutated(rng, tongue, frames, last) : frames);
    last = frames;
    if (!changed || rng.oneIn(3)) continue;
    sender = newSender(direction);
    messages.push(...opening(rng, direction, tongue));
  }
  return { number, direction, tongue, messages };
}
