import type { Frames, Tongue } from './message';
import { FRAME_MUTATORS, type Mutator } from './mutate-frames';
import { RECORD_MUTATORS } from './mutate-records';
import type { Rng } from './rng';

/** Changes of one message at the most; each further one is half as likely. */
const CHANGES_MAX = 5;
/** Of the changes to a packed message, those that know nothing of records are one in so many. */
const BLIND = 4;

/** Something of which each item is taken as often as its weight says. */
function weighted<Item>(items: readonly (readonly [weight: number, item: Item])[]): (rng: Rng) => Item {
  const ends: number[] = [];
  let total = 0;
  for (const [weight] of items) ends.push((total += weight));
  return (rng) => {
    const at = (rng.u32() / 2 ** 32) * total;
    let index = 0;
    while ((ends[index] ?? total) <= at && index < items.length - 1) index++;
    return (items[index] as (typeof items)[number])[1];
  };
}

const frameMutator = weighted<Mutator>(FRAME_MUTATORS);
const recordMutator = weighted<Mutator>(RECORD_MUTATORS);

/**
 * A message with some changes; the one it was made from, and its frames, stay as they are.
 * @param other - another message, to take parts from
 */
export function mutated(rng: Rng, tongue: Tongue, frames: Frames, other: Frames): Frames {
  const draft = [...frames];
  for (let changes = rng.few(CHANGES_MAX); changes > 0; changes--) {
    if (draft.length === 0) break;
    const mutate = tongue === 'packed' && !rng.oneIn(BLIND) ? recordMutator(rng) : frameMutator(rng);
    mutate(draft, rng, other);
  }
  return draft;
}
