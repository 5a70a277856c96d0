import type { Frames } from './message';
import type { Rng } from './rng';
import { edge, HEADERS, INVALID_UTF8, MANAGEMENT, SERVICES, UNPRINTABLE } from './values';

/**
 * Changes a message in place. Frames may be shared with others: a frame is replaced, never written to.
 * @param other - another message, to take parts from
 */
export type Mutator = (frames: Frames, rng: Rng, other: Frames) => void;

/** A frame of its own in the place of one that may be shared. */
export function own(frames: Frames, index: number): Buffer {
  const copy = Buffer.from(frames[index] ?? Buffer.alloc(0));
  frames[index] = copy;
  return copy;
}

/** What is wrong at the beginning already is read no further: it is chosen less often than what comes behind. */
const anyIndex = (frames: Frames, rng: Rng): number =>
  Math.max(rng.below(frames.length), rng.below(frames.length));

/** Bytes near the beginning of a large frame are where its structure is; the first of all say which dialect it is. */
const HOT_BYTES = 400;
const HEADER_BYTES = 6;
function anyByte(frame: Buffer, rng: Rng): number {
  const at = rng.below(Math.min(frame.length, HOT_BYTES));
  return at >= HEADER_BYTES || frame.length <= HEADER_BYTES || rng.oneIn(8)
    ? at
    : rng.between(HEADER_BYTES, Math.min(frame.length, HOT_BYTES) - 1);
}

const flipBits: Mutator = (frames, rng) => {
  const frame = own(frames, anyIndex(frames, rng));
  if (frame.length === 0) return;
  for (let flips = rng.few(4); flips > 0; flips--) {
    const at = anyByte(frame, rng);
    frame[at] = (frame[at] ?? 0) ^ (1 << rng.below(8));
  }
};

const setByte: Mutator = (frames, rng) => {
  const frame = own(frames, anyIndex(frames, rng));
  if (frame.length === 0) return;
  const at = anyByte(frame, rng);
  frame[at] = edge(rng, 1, frame[at] ?? 0);
};

const truncate: Mutator = (frames, rng) => {
  const index = anyIndex(frames, rng);
  const frame = frames[index] ?? Buffer.alloc(0);
  const cut = rng.oneIn(2) ? rng.few(8) : rng.below(frame.length + 1);
  frames[index] = frame.subarray(0, Math.max(0, frame.length - cut));
};

const extend: Mutator = (frames, rng) => {
  const index = anyIndex(frames, rng);
  const more = rng.oneIn(2) ? Buffer.alloc(rng.between(1, 40)) : rng.bytes(rng.between(1, 40));
  frames[index] = Buffer.concat([frames[index] ?? Buffer.alloc(0), more]);
};

const removeBytes: Mutator = (frames, rng) => {
  const index = anyIndex(frames, rng);
  const frame = frames[index] ?? Buffer.alloc(0);
  if (frame.length === 0) return;
  const at = anyByte(frame, rng);
  frames[index] = Buffer.concat([frame.subarray(0, at), frame.subarray(at + rng.few(8))]);
};

const insertBytes: Mutator = (frames, rng) => {
  const index = anyIndex(frames, rng);
  const frame = frames[index] ?? Buffer.alloc(0);
  const at = anyByte(frame, rng);
  frames[index] = Buffer.concat([frame.subarray(0, at), rng.bytes(rng.few(8)), frame.subarray(at)]);
};

/** The beginning of one message and the end of another, cut between frames or within them. */
const splice: Mutator = (frames, rng, other) => {
  const at = rng.below(frames.length + 1);
  const from = rng.below(other.length);
  if (rng.oneIn(2)) {
    frames.splice(at, frames.length, ...other.slice(from));
    return;
  }
  const [left, right] = [frames[Math.min(at, frames.length - 1)], other[from]];
  if (!left || !right) return;
  const joined = Buffer.concat([
    left.subarray(0, rng.below(left.length + 1)),
    right.subarray(rng.below(right.length + 1)),
  ]);
  frames.splice(Math.min(at, frames.length - 1), frames.length, joined, ...other.slice(from + 1));
};

const duplicateFrame: Mutator = (frames, rng) => {
  const index = anyIndex(frames, rng);
  frames.splice(rng.below(frames.length + 1), 0, ...frames.slice(index, index + 1));
};

const deleteFrame: Mutator = (frames, rng) => {
  if (frames.length > 1 || rng.oneIn(8)) frames.splice(anyIndex(frames, rng), rng.few(3));
};

const swapFrames: Mutator = (frames, rng) => {
  const [one, two] = [anyIndex(frames, rng), anyIndex(frames, rng)];
  const [left, right] = [frames[one], frames[two]];
  if (left && right) [frames[one], frames[two]] = [right, left];
};

const emptyFrame: Mutator = (frames, rng) => {
  if (rng.oneIn(2)) frames.splice(rng.below(frames.length + 1), 0, Buffer.alloc(0));
  else frames[anyIndex(frames, rng)] = Buffer.alloc(0);
};

const header: Mutator = (frames, rng) => {
  frames[rng.below(Math.min(2, frames.length))] = rng.pick(HEADERS);
};

/** The number of a plain command, or what looks like one. */
const commandFrame: Mutator = (frames, rng) => {
  const index = rng.below(Math.min(4, frames.length));
  frames[index] = rng.oneIn(4) ? Buffer.of(rng.below(256), rng.below(256)) : Buffer.of(rng.below(9));
};

const foreignFrame: Mutator = (frames, rng) => {
  const text = rng.pick([INVALID_UTF8, UNPRINTABLE, SERVICES, MANAGEMENT]);
  const frame = Buffer.from(rng.pick<Buffer | string>(text) as Buffer);
  if (rng.oneIn(2)) frames[anyIndex(frames, rng)] = frame;
  else frames.splice(rng.below(frames.length + 1), 0, frame);
};

/** Around the most bytes that a name, an address, a frame or a message may have. */
const SIZES = [254, 255, 256, 257, 4_096, 8_191, 8_192, 9_000, 9_001, 20_000, 20_001];

const sizedFrame: Mutator = (frames, rng) => {
  frames[anyIndex(frames, rng)] = Buffer.alloc(rng.pick(SIZES), 0x61);
};

const COUNTS = [15, 16, 17, 80, 81, 1_023, 1_024, 1_025, 1_088, 1_089, 5_000];

const manyFrames: Mutator = (frames, rng) => {
  const frame = rng.pick([Buffer.alloc(0), Buffer.of(1), frames[0] ?? Buffer.alloc(0)]);
  frames.push(...Array<Buffer>(Math.max(0, rng.pick(COUNTS) - frames.length)).fill(frame));
};

const nothing: Mutator = (frames) => {
  frames.length = 0;
};

/** Mutators of any message, how often each is taken in relation to the others. */
export const FRAME_MUTATORS: readonly (readonly [weight: number, mutate: Mutator])[] = [
  [12, flipBits],
  [8, setByte],
  [6, truncate],
  [4, extend],
  [4, removeBytes],
  [4, insertBytes],
  [6, splice],
  [4, duplicateFrame],
  [6, deleteFrame],
  [4, swapFrames],
  [5, emptyFrame],
  [1.5, header],
  [4, commandFrame],
  [6, foreignFrame],
  [1.5, sizedFrame],
  [0.15, manyFrames],
  [0.1, nothing],
];
