/*
 * Where things stand in the first frame of a packed message, read from docs/PROTOCOL.md and as far as it goes: what
 * has been mutated already is looked at again.
 */

const HEADER_BYTES = 6;
const RECORD_HEADER_BYTES = 6;

/** Lengths of a body's frames that are looked at. */
const LENGTHS_MAX = 8;

/** A record: its header is at `at`, its content from `contentAt` to `end`. */
export interface RecordAt {
  readonly at: number;
  readonly kind: number;
  readonly contentAt: number;
  readonly end: number;
}

/** A number in a frame. */
export interface Field {
  readonly at: number;
  readonly bytes: 1 | 2 | 4;
}

type Fixed = readonly (readonly [offset: number, bytes: Field['bytes']])[];

const REPLY: Fixed = [
  [0, 4],
  [4, 2],
];
const HELLO: Fixed = [
  [0, 1],
  [2, 2],
  [4, 4],
  [8, 4],
];

/** The numbers in the fixed part of each kind's content. */
const FIXED: Readonly<Record<number, Fixed>> = {
  0x01: HELLO,
  0x02: [...HELLO, [1, 1], [12, 4]],
  0x03: [...HELLO, [12, 4], [16, 4], [20, 4], [24, 4]],
  0x04: [[0, 4]],
  0x05: [
    [0, 4],
    [4, 4],
    [8, 4],
    [12, 4],
    [16, 1],
    [17, 1],
    [18, 1],
    [20, 2],
  ],
  0x06: REPLY,
  0x07: REPLY,
  0x08: [
    [0, 4],
    [4, 1],
    [6, 2],
  ],
  0x09: [[0, 4]],
  0x0a: [
    [0, 4],
    [4, 4],
  ],
  0x0b: [[0, 4]],
};

/** The records of a head, up to the first that is cut short. */
export function recordsIn(head: Buffer): RecordAt[] {
  const records: RecordAt[] = [];
  let at = HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= head.length) {
    const contentAt = at + RECORD_HEADER_BYTES;
    const end = contentAt + head.readUInt32BE(at + 2);
    if (end > head.length) break;
    records.push({ at, kind: head.readUInt8(at), contentAt, end });
    at = end;
  }
  return records;
}

/** Where the body of a record begins, or -1 where it has none. */
export function bodyAt(head: Buffer, { kind, contentAt, end }: RecordAt): number {
  let at = -1;
  if (kind === 0x05 && contentAt + 22 <= end) {
    at = contentAt + 22 + head.readUInt8(contentAt + 18) + head.readUInt16BE(contentAt + 20);
  } else if ((kind === 0x06 || kind === 0x07) && contentAt + 6 <= end) {
    at = contentAt + 6 + head.readUInt16BE(contentAt + 4);
  }
  return at >= 0 && at + 2 <= end ? at : -1;
}

/** The numbers in a record: of its header, of its fixed part, and the count and lengths of its body. */
export function fieldsIn(head: Buffer, record: RecordAt): Field[] {
  const { at, kind, contentAt, end } = record;
  const fields: Field[] = [
    { at, bytes: 1 },
    { at: at + 1, bytes: 1 },
    { at: at + 2, bytes: 4 },
  ];
  for (const [offset, bytes] of FIXED[kind] ?? []) {
    if (contentAt + offset + bytes <= end) fields.push({ at: contentAt + offset, bytes });
  }
  const body = bodyAt(head, record);
  if (body < 0) return fields;
  fields.push({ at: body, bytes: 2 });
  const lengths = Math.min(LENGTHS_MAX, head.readUInt16BE(body));
  for (let index = 0; index < lengths && body + 6 + 4 * index <= end; index++) {
    fields.push({ at: body + 2 + 4 * index, bytes: 4 });
  }
  return fields;
}

/** The value of a field. */
export function readField(head: Buffer, { at, bytes }: Field): number {
  return head.readUIntBE(at, bytes);
}

/** Writes a field in place. */
export function writeField(head: Buffer, { at, bytes }: Field, value: number): void {
  head.writeUIntBE(value, at, bytes);
}
