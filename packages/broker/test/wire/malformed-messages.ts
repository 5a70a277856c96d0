import type { RejectionReason } from '@majordomo/protocol';
import type { Frame } from '@majordomo/testkit';

/** A message that no broker may take, why, and how it came about. */
export interface Malformed {
  readonly reason: RejectionReason;
  readonly frames: readonly Frame[];
}

/** Written by hand from RFC 7 and RFC 18. The number says how many frames come before the body. */
const VALID: readonly { frames: readonly Frame[]; fixed: number; body: boolean }[] = [
  { frames: ['', 'MDPC01', 'echo', 'body'], fixed: 3, body: true },
  { frames: ['MDPC02', '\x01', 'echo', 'body'], fixed: 3, body: true },
  { frames: ['', 'MDPC02', '\x01', 'echo', 'body'], fixed: 4, body: true },
  { frames: ['', 'MDPW01', '\x01', 'echo'], fixed: 4, body: false },
  { frames: ['', 'MDPW01', '\x03', 'address', '', 'body'], fixed: 5, body: true },
  { frames: ['', 'MDPW01', '\x04'], fixed: 3, body: false },
  { frames: ['', 'MDPW01', '\x05'], fixed: 3, body: false },
  { frames: ['MDPW02', '\x01', 'echo'], fixed: 3, body: false },
  { frames: ['MDPW02', '\x03', 'address', '', 'body'], fixed: 4, body: true },
  { frames: ['MDPW02', '\x04', 'address', '', 'body'], fixed: 4, body: true },
  { frames: ['MDPW02', '\x05'], fixed: 2, body: false },
  { frames: ['MDPW02', '\x06'], fixed: 2, body: false },
];

/** One empty frame alone is how ZeroMQ itself tells of connections: no message of a peer, so not in here. */
function* truncations(): Generator<Malformed> {
  for (const { frames, fixed, body } of VALID) {
    const shortest = frames[0] === '' ? 2 : 1;
    for (let length = shortest; length < fixed; length++) {
      yield { reason: 'truncated', frames: frames.slice(0, length) };
    }
    if (body) yield { reason: 'no_body', frames: frames.slice(0, fixed) };
  }
}

function* surplus(): Generator<Malformed> {
  for (const { frames, body } of VALID) {
    if (body) continue;
    for (const more of [[''], ['x'], ['', '']])
      yield { reason: 'surplus_frames', frames: [...frames, ...more] };
  }
}

const FOREIGN_HEADERS: readonly Frame[] = [
  'MDPC03',
  'MDPW03',
  'MDPC00',
  'mdpc01',
  'MDPC01 ',
  'MDPC0',
  'MDPW',
  'PPP\x01',
  'GET / HTTP/1.1',
  '\x00',
  'x'.repeat(10_000),
];

function* headers(): Generator<Malformed> {
  for (const { frames } of VALID) {
    const at = frames[0] === '' ? 1 : 0;
    for (const header of FOREIGN_HEADERS) {
      yield { reason: 'unknown_header', frames: frames.with(at, header) };
    }
  }
  for (const header of ['MDPC01', 'MDPW01'])
    yield { reason: 'missing_delimiter', frames: [header, '\x01', 'echo'] };
  yield { reason: 'unexpected_delimiter', frames: ['', 'MDPW02', '\x01', 'echo'] };
  for (const size of [2, 3, 40]) {
    const zproto = Buffer.concat([Buffer.from([0xaa, 0xa4]), Buffer.alloc(size, 1)]);
    yield { reason: 'zproto_dialect', frames: [zproto] };
    yield { reason: 'zproto_dialect', frames: ['', zproto, 'body'] };
  }
}

function* commands(): Generator<Malformed> {
  const worker01: readonly (readonly Frame[])[] = [['', 'MDPW01']];
  const halves = [
    { before: worker01[0]!, known: [1, 3, 4, 5] },
    { before: ['MDPW02'], known: [1, 3, 4, 5, 6] },
    { before: ['MDPC02'], known: [1] },
    { before: ['', 'MDPC02'], known: [1] },
  ];
  for (const { before, known } of halves) {
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x31, 0xff]) {
      if (known.includes(code)) continue;
      yield { reason: 'unknown_command', frames: [...before, Uint8Array.of(code), 'echo', '', 'body'] };
    }
    for (const command of ['', '\x01\x01', 'READY']) {
      yield { reason: 'unknown_command', frames: [...before, command, 'echo', 'body'] };
    }
  }
}

const BAD_SERVICES: readonly Frame[] = [
  '',
  'x'.repeat(256),
  'ü'.repeat(128),
  'line\nbreak',
  'nul\x00',
  'escape\x1b[31m',
  'right\u202eto left',
  'next\u0085line',
  Uint8Array.of(0xff),
  Uint8Array.of(0x65, 0xc3),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xc0, 0x80),
];

function* services(): Generator<Malformed> {
  for (const service of BAD_SERVICES) {
    yield { reason: 'bad_service_name', frames: ['', 'MDPC01', service, 'body'] };
    yield { reason: 'bad_service_name', frames: ['MDPC02', '\x01', service, 'body'] };
    yield { reason: 'bad_service_name', frames: ['', 'MDPW01', '\x01', service] };
    yield { reason: 'bad_service_name', frames: ['MDPW02', '\x01', service] };
  }
}

function* envelopes(): Generator<Malformed> {
  for (const [before, codes] of [
    [['', 'MDPW01'], ['\x03']],
    [['MDPW02'], ['\x03', '\x04']],
  ] as const) {
    for (const code of codes) {
      yield { reason: 'bad_address', frames: [...before, code, '', '', 'body'] };
      yield { reason: 'bad_address', frames: [...before, code, 'x'.repeat(256), '', 'body'] };
      yield { reason: 'no_envelope_end', frames: [...before, code, 'address', 'body'] };
      yield { reason: 'no_envelope_end', frames: [...before, code, 'one', 'two', '', 'body'] };
    }
  }
}

function* oversized(framesMax: number, messageBytesMax: number): Generator<Malformed> {
  for (const frames of [framesMax + 10, 20_000]) {
    yield { reason: 'too_many_frames', frames: ['', 'MDPC01', 'echo', ...Array<Frame>(frames).fill('')] };
    yield { reason: 'too_many_frames', frames: Array<Frame>(frames).fill('MDPW02') };
  }
  const third = Buffer.alloc(Math.ceil(messageBytesMax / 3) + 400);
  yield { reason: 'message_too_large', frames: ['MDPC02', '\x01', 'echo', third, third, third] };
}

/** Hundreds of messages that are wrong, each in one way. */
export function malformedMessages(limits: { framesMax: number; messageBytesMax: number }): Malformed[] {
  return [
    ...truncations(),
    ...surplus(),
    ...headers(),
    ...commands(),
    ...services(),
    ...envelopes(),
    ...oversized(limits.framesMax, limits.messageBytesMax),
  ];
}
