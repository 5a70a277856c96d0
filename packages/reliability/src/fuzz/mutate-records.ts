import type { Frames } from './message';
import type { Mutator } from './mutate-frames';
import { own } from './mutate-frames';
import { bodyAt, fieldsIn, readField, recordsIn, writeField, type RecordAt } from './records';
import type { Rng } from './rng';
import { edge, INVALID_UTF8, UNPRINTABLE } from './values';

/*
 * Mutators that know what a packed message is made of. Where there is no record to be found, they do nothing.
 */

const HEADER_BYTES = 6;
/** What a first frame may have at the most, and a little more. */
const HEAD_BYTES_MAX = 140 * 1_024;

type RecordMutator = (
  head: Buffer,
  records: readonly RecordAt[],
  rng: Rng,
  other: Frames,
) => Buffer | undefined;

/** A mutator of the first frame: it gives another one, or changes the copy that it got. */
const ofHead =
  (mutate: RecordMutator): Mutator =>
  (frames, rng, other) => {
    if (frames.length === 0) return;
    const head = own(frames, 0);
    const records = recordsIn(head);
    if (records.length > 0) frames[0] = mutate(head, records, rng, other) ?? head;
  };

const sliceOf = (head: Buffer, { at, end }: RecordAt): Buffer => head.subarray(at, end);

/** The head with other records in it, in this order. */
const rebuilt = (head: Buffer, records: readonly Buffer[]): Buffer =>
  Buffer.concat([head.subarray(0, HEADER_BYTES), ...records]);

/** The head with other content in one record, whose length is made to fit. */
function withContent(head: Buffer, record: RecordAt, content: Buffer): Buffer {
  const changed = Buffer.concat([head.subarray(0, record.contentAt), content, head.subarray(record.end)]);
  changed.writeUInt32BE(content.length, record.at + 2);
  return changed;
}

const contentOf = (head: Buffer, { contentAt, end }: RecordAt): Buffer => head.subarray(contentAt, end);

/** One number becomes another that is likely to be wrong. */
const field = ofHead((head, records, rng) => {
  const place = rng.pick(fieldsIn(head, rng.pick(records)));
  writeField(head, place, edge(rng, place.bytes, readField(head, place)));
  return undefined;
});

/** The same number stands in two places: an id in use, a service that was named before, a length of another record. */
const copyField = ofHead((head, records, rng) => {
  const from = rng.pick(fieldsIn(head, rng.pick(records)));
  const sameSize = fieldsIn(head, rng.pick(records)).filter(({ bytes }) => bytes === from.bytes);
  if (sameSize.length > 0) writeField(head, rng.pick(sameSize), readField(head, from));
  return undefined;
});

const kind = ofHead((head, records, rng) => {
  const { at } = rng.pick(records);
  head.writeUInt8(rng.oneIn(4) ? rng.pick([0, 0x0f, 0x7f, 0x80, 0xff]) : rng.between(1, 14), at);
  return undefined;
});

const flags = ofHead((head, records, rng) => {
  head.writeUInt8(rng.pick([1, 2, 3, 4, 8, 0x0f, 0x10, 0x80, 0xf0, 0xff]), rng.pick(records).at + 1);
  return undefined;
});

const duplicateRecord = ofHead((head, records, rng) => {
  const slices = records.map((record) => sliceOf(head, record));
  slices.splice(rng.below(slices.length + 1), 0, rng.pick(slices));
  return rebuilt(head, slices);
});

const deleteRecord = ofHead((head, records, rng) => {
  const slices = records.map((record) => sliceOf(head, record));
  slices.splice(rng.below(slices.length), 1);
  return rebuilt(head, slices);
});

const reorderRecords = ofHead((head, records, rng) => {
  const slices = records.map((record) => sliceOf(head, record));
  const [moved] = slices.splice(rng.below(slices.length), 1);
  if (moved) slices.splice(rng.below(slices.length + 1), 0, moved);
  return rebuilt(head, slices);
});

/** Records of another message, which may be of the other half or the other direction. */
const adopt = ofHead((head, records, rng, other) => {
  const source = other[0] ?? Buffer.alloc(0);
  const theirs = recordsIn(source).map((record) => sliceOf(source, record));
  if (theirs.length === 0) return undefined;
  const slices = records.map((record) => sliceOf(head, record));
  slices.splice(rng.below(slices.length + 1), 0, rng.pick(theirs));
  return rebuilt(head, slices);
});

/** A content that is shorter or longer than it was, its stated length right all the same. */
const resize = ofHead((head, records, rng) => {
  const record = rng.pick(records);
  const content = contentOf(head, record);
  if (rng.oneIn(2)) return withContent(head, record, content.subarray(0, rng.below(content.length + 1)));
  return withContent(head, record, Buffer.concat([content, rng.bytes(rng.few(40))]));
});

/** Bytes put in or taken out of the middle of a content, its stated length right all the same. */
const shift = ofHead((head, records, rng) => {
  const record = rng.pick(records);
  const content = contentOf(head, record);
  const at = rng.below(content.length + 1);
  const rest = content.subarray(rng.oneIn(2) ? at : Math.min(content.length, at + rng.few(6)));
  const more = rng.oneIn(2) ? rng.bytes(rng.few(6)) : Buffer.alloc(0);
  return withContent(head, record, Buffer.concat([content.subarray(0, at), more, rest]));
});

/** Text that is none, somewhere in a content. */
const badText = ofHead((head, records, rng) => {
  const record = rng.pick(records);
  const content = Buffer.from(contentOf(head, record));
  const text = rng.pick(rng.oneIn(2) ? INVALID_UTF8 : UNPRINTABLE);
  if (content.length > text.length) text.copy(content, rng.below(content.length - text.length + 1));
  return withContent(head, record, content);
});

/** A record that only later revisions know. */
const unknownRecord = ofHead((head, records, rng) => {
  const slices = records.map((record) => sliceOf(head, record));
  const content = rng.bytes(rng.below(12));
  const record = Buffer.concat([
    Buffer.of(rng.oneIn(3) ? rng.below(0x80) : rng.between(0x80, 0xff)),
    rng.bytes(5),
    content,
  ]);
  record.writeUInt32BE(content.length, 2);
  slices.splice(rng.below(slices.length + 1), 0, record);
  return rebuilt(head, slices);
});

/** One record as often as a first frame can hold it, or a little more often. */
const flood = ofHead((head, records, rng) => {
  const record = sliceOf(head, rng.pick(records));
  const most = Math.floor((rng.oneIn(8) ? HEAD_BYTES_MAX : 4_096) / record.length);
  return rebuilt(head, Array<Buffer>(Math.max(1, rng.between(most >> 1, most))).fill(record));
});

/** A number that was given to a service before, or is given out of order. */
const serviceNumber = ofHead((head, records, rng) => {
  const chosen = records.filter(({ kind }) => kind === 0x04 || kind === 0x05);
  const record = chosen.length > 0 ? rng.pick(chosen) : undefined;
  if (!record) return undefined;
  const at = record.kind === 0x04 ? record.contentAt : record.contentAt + 4;
  if (at + 4 <= record.end) head.writeUInt32BE(rng.pick([0, 1, 2, 3, 7, 8_192, 8_193, 2 ** 32 - 1]), at);
  return undefined;
});

/** A frame of a body that travels inline is said to travel apart, or the other way round, and may or may not be there. */
const apart: Mutator = (frames, rng) => {
  if (frames.length === 0) return;
  const head = own(frames, 0);
  const bodies = recordsIn(head).flatMap((record) => {
    const at = bodyAt(head, record);
    return at >= 0 && at + 6 <= record.end ? [at] : [];
  });
  if (bodies.length === 0) return;
  const at = rng.pick(bodies) + 2;
  const stated = head.readUInt32BE(at);
  head.writeUInt32BE((stated ^ (2 ** 31)) >>> 0, at);
  if (rng.oneIn(2))
    frames.splice(rng.between(1, frames.length), 0, Buffer.alloc(Math.min(stated % 2 ** 31, 20_001)));
};

/** A body of so many frames of no bytes: as many as a message can state without sending them. */
const emptyFrames = ofHead((head, records, rng) => {
  const record = records.find((each) => bodyAt(head, each) >= 0);
  if (!record) return undefined;
  const count = rng.pick([0, 1, 2, 16, 17, 1_024, 1_025]);
  const said = rng.oneIn(3) ? edge(rng, 2, count) : count;
  const section = Buffer.alloc(2 + 4 * count);
  section.writeUInt16BE(said);
  return withContent(
    head,
    record,
    Buffer.concat([head.subarray(record.contentAt, bodyAt(head, record)), section]),
  );
});

/** Mutators of packed messages, how often each is taken in relation to the others. */
export const RECORD_MUTATORS: readonly (readonly [weight: number, mutate: Mutator])[] = [
  [24, field],
  [8, copyField],
  [6, kind],
  [5, flags],
  [6, duplicateRecord],
  [4, deleteRecord],
  [5, reorderRecords],
  [6, adopt],
  [6, resize],
  [6, shift],
  [5, badText],
  [3, unknownRecord],
  [0.2, flood],
  [5, serviceNumber],
  [4, apart],
  [1, emptyFrames],
];
