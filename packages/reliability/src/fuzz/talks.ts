import { DIRECTIONS, type Direction, type Frames, type LimitsName, type Talk, type Tongue } from './message';
import { mutated } from './mutate';
import { Rng } from './rng';
import { newSender, packedMessage, seedOf, type Seed } from './seeds';

/** Messages of a pool, and talks after which there is a new one. */
const POOL_SIZE = 512;
const POOL_TALKS = 4_096;
/** One talk in so many begins with a message of the corpus. */
const FROM_CORPUS = 16;
/** One message in so many is left as it is, and has to be taken. */
const UNCHANGED = 16;
/** Keeps the numbers of the pools apart from those of the talks. */
const POOLS = 2 ** 40;

/** A talk, and how many of its messages, from the first on, are as a well-behaved peer sends them. */
export interface Attempt {
  readonly talk: Talk;
  readonly valid: number;
}

/** The messages that a fuzzer tries, by their seed and number: the same whenever they are asked for. */
export class Talks {
  #pool: readonly Seed[] = [];
  #poolNumber = -1;

  /** @param corpus - whose messages are changed as well */
  constructor(
    private readonly seed: number,
    private readonly corpus: readonly Talk[] = [],
  ) {}

  #poolOf(number: number): readonly Seed[] {
    const wanted = Math.floor(number / POOL_TALKS);
    if (wanted !== this.#poolNumber) {
      const rng = new Rng(this.seed, POOLS + wanted);
      this.#poolNumber = wanted;
      this.#pool = Array.from({ length: POOL_SIZE }, () => seedOf(rng));
    }
    return this.#pool;
  }

  /** One message of any dialect, changed. */
  single(number: number): Attempt {
    const pool = this.#poolOf(number);
    const rng = new Rng(this.seed, number);
    const other = rng.pick(pool).frames;
    const limits: LimitsName = rng.oneIn(4) ? 'small' : 'default';
    if (this.corpus.length > 0 && rng.oneIn(FROM_CORPUS)) {
      const { direction, tongue, messages } = rng.pick(this.corpus);
      return oneMessage(direction, tongue, limits, mutated(rng, tongue, rng.pick(messages), other));
    }
    const { direction, tongue, frames } = rng.pick(pool);
    if (rng.oneIn(UNCHANGED)) return { ...oneMessage(direction, tongue, 'default', frames), valid: 1 };
    return oneMessage(direction, tongue, limits, mutated(rng, tongue, frames, other));
  }

  /** A packed session: some of its messages are changed, left out, repeated, or come in another order. */
  session(number: number): Attempt {
    const pool = this.#poolOf(number);
    const rng = new Rng(this.seed, number);
    const direction = rng.pick(DIRECTIONS);
    const sender = newSender(direction);
    const messages: Frames[] = [];
    let valid = 0;
    for (let left = rng.between(2, 12); left > 0; left--) {
      const frames = packedMessage(rng, direction, sender);
      if (valid === messages.length && rng.oneIn(2)) valid++;
      messages.push(valid > messages.length ? frames : mutated(rng, 'packed', frames, rng.pick(pool).frames));
    }
    if (valid < messages.length && rng.oneIn(4)) misplace(messages, valid, rng);
    return { talk: { direction, tongue: 'packed', limits: 'default', messages }, valid };
  }
}

function oneMessage(direction: Direction, tongue: Tongue, limits: LimitsName, frames: Frames): Attempt {
  return { talk: { direction, tongue, limits, messages: [frames] }, valid: 0 };
}

/** Moves, repeats or leaves out one of the messages from the first one on that need not be taken. */
function misplace(messages: Frames[], from: number, rng: Rng): void {
  const at = rng.between(from, messages.length - 1);
  const [frames] = rng.oneIn(3) ? messages.slice(at, at + 1) : messages.splice(at, 1);
  if (frames && !rng.oneIn(3)) messages.splice(rng.between(from, messages.length), 0, frames);
}
