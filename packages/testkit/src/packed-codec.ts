import type {
  PackedCommand,
  PackedDirection,
  PackedFailure,
  PackedIntroduction,
  PackedKind,
  PackedReply,
  PackedRequest,
} from './packed-commands';

/*
 * MDP/P1 once more, written from docs/PROTOCOL.md and as plainly as can be: what is tested against it must not share
 * its faults.
 */

const KINDS: Readonly<Record<PackedKind, number>> = {
  hello: 1,
  ready: 2,
  welcome: 3,
  service: 4,
  request: 5,
  partial: 6,
  final: 7,
  failure: 8,
  cancel: 9,
  window: 10,
  credit: 11,
  heartbeat: 12,
  draining: 13,
  disconnect: 14,
  proof: 15,
};

const SAID: Readonly<Record<PackedDirection, readonly PackedKind[]>> = {
  'client-to-broker': ['hello', 'proof', 'service', 'request', 'cancel', 'window', 'heartbeat', 'disconnect'],
  'broker-to-client': ['welcome', 'partial', 'final', 'failure', 'heartbeat', 'draining', 'disconnect'],
  'worker-to-broker': [
    'ready',
    'proof',
    'partial',
    'final',
    'failure',
    'credit',
    'heartbeat',
    'draining',
    'disconnect',
  ],
  'broker-to-worker': ['welcome', 'request', 'cancel', 'window', 'heartbeat', 'draining', 'disconnect'],
};

/** A message that is refused; `reason` is the one of the specification's table. */
export class PackedFault extends Error {
  constructor(
    readonly reason: string,
    detail: string,
  ) {
    super(`MDP/P1: ${reason}: ${detail}`);
  }
}

const fail = (reason: string, detail: string): never => {
  throw new PackedFault(reason, detail);
};

/** Bounds of one body. */
export interface PackedLimits {
  framesMax: number;
  frameBytesMax: number;
  messageBytesMax: number;
}

const MIB = 1024 * 1024;
const LIMITS: PackedLimits = { framesMax: 1024, frameBytesMax: 64 * MIB, messageBytesMax: 64 * MIB };

/** The first frame of every message of a direction starts with it. */
export function packedHeader(direction: PackedDirection): string {
  return direction.includes('client') ? 'MDPCP1' : 'MDPWP1';
}

const u8 = (value: number): Buffer => Buffer.of(value);
const u16 = (value: number): Buffer => Buffer.of(value >>> 8, value & 0xff);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A record of any kind, flags and content, for those that no command stands for. */
export function packRecord(kind: number, flags: number, content: Uint8Array): Buffer {
  return Buffer.concat([u8(kind), u8(flags), u32(content.length), content]);
}

/** One message of these commands: the first frame, and the frames of bodies that travel apart. */
export function encodePacked(direction: PackedDirection, commands: readonly PackedCommand[]): Buffer[] {
  const apart: Buffer[] = [];
  const records = commands.map((command) => {
    const [flags, ...parts] = contentOf(command, direction, apart);
    return packRecord(KINDS[command.kind], flags, Buffer.concat(parts));
  });
  return [Buffer.concat([Buffer.from(packedHeader(direction)), ...records]), ...apart];
}

function contentOf(
  command: PackedCommand,
  direction: PackedDirection,
  apart: Buffer[],
): [flags: number, ...parts: Buffer[]] {
  switch (command.kind) {
    case 'hello':
      return [0, ...introduction(command, 0), command.metadata];
    case 'ready': {
      const name = Buffer.from(command.service);
      return [0, ...introduction(command, name.length), u32(command.credit), name, command.metadata];
    }
    case 'welcome': {
      const { internedMax, framesMax, frameBytesMax, messageBytesMax, metadata } = command;
      const bounds = [internedMax, framesMax, frameBytesMax, messageBytesMax].map(u32);
      return [0, ...introduction(command, 0), ...bounds, metadata];
    }
    case 'service':
      return [0, u32(command.number), Buffer.from(command.service)];
    case 'request': {
      const { id, number, remainingMs, window, priority, attempt, failFast, metadata, body } = command;
      const name = Buffer.from(number === 0 && direction === 'client-to-broker' ? command.service : '');
      const numbers = [id, number, remainingMs, window].map(u32);
      const bytes = [u8(priority), u8(attempt), u8(name.length), u8(0), u16(metadata.length)];
      return [failFast ? 1 : 0, ...numbers, ...bytes, name, metadata, section(body, apart)];
    }
    case 'partial':
    case 'final': {
      const { id, metadata, body } = command;
      return [0, u32(id), u16(metadata.length), metadata, section(body, apart)];
    }
    case 'failure': {
      const { id, retryable, ofWorker } = command;
      const [code, message] = [Buffer.from(command.code), Buffer.from(command.message)];
      const flags = (retryable ? 1 : 0) + (ofWorker ? 2 : 0);
      return [flags, u32(id), u8(code.length), u8(0), u16(message.length), code, message];
    }
    case 'cancel':
      return [0, u32(command.id)];
    case 'window':
      return [0, u32(command.id), u32(command.more)];
    case 'credit':
      return [0, u32(command.credit)];
    case 'proof':
      return [0, command.publicKey, command.mac];
    case 'disconnect': {
      if (!command.reason) return [0];
      const [code, message] = [Buffer.from(command.reason.code), Buffer.from(command.reason.message)];
      return [0, u8(code.length), u8(0), u16(message.length), code, message];
    }
    case 'heartbeat':
    case 'draining':
      return [0];
  }
}

function introduction(command: PackedIntroduction, nameBytes: number): Buffer[] {
  const { revision, heartbeatMs, capabilities, metadata } = command;
  return [u8(revision), u8(nameBytes), u16(metadata.length), u32(heartbeatMs), u32(capabilities)];
}

/** The table of lengths and the frames that travel inline; those that do not go to `apart`. */
function section(body: readonly Buffer[], apart: Buffer[]): Buffer {
  const lengths: Buffer[] = [];
  const inline: Buffer[] = [];
  let inlineBytes = 0;
  for (const frame of body) {
    if (frame.length >= 8192 || inlineBytes + frame.length > 65_536) {
      lengths.push(u32(2 ** 31 + frame.length));
      apart.push(frame);
    } else {
      lengths.push(u32(frame.length));
      inline.push(frame);
      inlineBytes += frame.length;
    }
  }
  return Buffer.concat([u16(body.length), ...lengths, ...inline]);
}

/** Takes bytes off the front of a content. */
class Cursor {
  #at = 0;

  constructor(
    private readonly bytes: Buffer,
    /** What it is to be called where bytes are missing. */
    private readonly shortage: string,
  ) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(count: number, shortage = this.shortage): Buffer {
    if (count > this.left) fail(shortage, `${count} bytes wanted, ${this.left} left`);
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }

  u8(): number {
    return this.take(1).readUInt8();
  }

  u16(shortage?: string): number {
    return this.take(2, shortage).readUInt16BE();
  }

  u32(): number {
    return this.take(4).readUInt32BE();
  }
}

/**
 * The commands in a message that is not an opening, or is one without its empty frame.
 * @param services - names by their numbers, the first at 1; SERVICE adds to them. Hand in the same for every message
 * of a session.
 * @throws PackedFault at the first thing that is wrong
 */
export function decodePacked(
  direction: PackedDirection,
  frames: readonly Buffer[],
  services: string[] = [''],
  limits: PackedLimits = LIMITS,
): PackedCommand[] {
  const head = frames[0] ?? fail('empty_message', 'no frames');
  if (head.length > 136 * 1024 + 4 * limits.framesMax)
    fail('frame_too_large', `first frame of ${head.length}`);
  if (frames.length > limits.framesMax + 64) fail('too_many_frames', `${frames.length} frames`);
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  if (frames.length > 1 && bytes > limits.messageBytesMax + 2 * MIB)
    fail('message_too_large', `${bytes} bytes`);
  if (head.subarray(0, 6).toString('latin1') !== packedHeader(direction)) fail('unknown_header', 'no MDP/P1');
  const message = new Cursor(head.subarray(6), 'truncated');
  if (message.left === 0) fail('truncated', 'no records');
  const apart = frames.slice(1);
  const commands: PackedCommand[] = [];
  while (message.left > 0) {
    const kind = message.u8();
    const flags = message.u8();
    const content = new Cursor(message.take(message.u32()), 'truncated');
    const name = SAID[direction].find((each) => KINDS[each] === kind);
    if (name === undefined) {
      if (kind < 0x80) fail('unknown_command', `kind ${kind} ${direction}`);
      continue;
    }
    commands.push(readRecord(name, flags, content, { direction, apart, services, limits }));
  }
  if (apart.length > 0) fail('surplus_frames', `${apart.length} frames that no body names`);
  return commands;
}

interface Context {
  direction: PackedDirection;
  apart: Buffer[];
  services: string[];
  limits: PackedLimits;
}

function readRecord(kind: PackedKind, flags: number, content: Cursor, context: Context): PackedCommand {
  const known =
    kind === 'failure' ? 3 : kind === 'request' && context.direction === 'client-to-broker' ? 1 : 0;
  const critical = flags & 0x0f & ~known;
  const fixed = { hello: 12, ready: 16, welcome: 28, service: 4, request: 22, partial: 6, final: 6 } as const;
  const short = {
    failure: 8,
    cancel: 4,
    window: 8,
    credit: 4,
    proof: 64,
    heartbeat: 0,
    draining: 0,
    disconnect: 0,
  } as const;
  const least = { ...fixed, ...short }[kind];
  if (content.left < least) fail('truncated', `${kind} of ${content.left} bytes, at least ${least}`);
  if (critical !== 0) fail('unknown_flag', `flags ${critical} of ${kind}`);
  switch (kind) {
    case 'hello': {
      const { introduction: said, metadataBytes } = readIntroduction(content);
      return { kind, ...said, metadata: readMetadata(content, metadataBytes) };
    }
    case 'ready': {
      const { introduction: said, nameBytes, metadataBytes } = readIntroduction(content);
      const credit = content.u32();
      const service = readName(content.take(nameBytes, 'bad_length'));
      return { kind, ...said, credit, service, metadata: readMetadata(content, metadataBytes) };
    }
    case 'welcome': {
      const { introduction: said, metadataBytes } = readIntroduction(content);
      const internedMax = content.u32();
      const [framesMax, frameBytesMax, messageBytesMax] = [content.u32(), content.u32(), content.u32()];
      if (framesMax * frameBytesMax * messageBytesMax === 0) fail('bad_value', 'a limit of 0');
      const bounds = { internedMax, framesMax, frameBytesMax, messageBytesMax };
      return { kind, ...said, ...bounds, metadata: readMetadata(content, metadataBytes) };
    }
    case 'service': {
      const number = content.u32();
      if (number !== context.services.length || number > 8192) fail('bad_service_number', `number ${number}`);
      const service = readName(content.take(content.left));
      context.services.push(service);
      return { kind, number, service };
    }
    case 'request':
      return readRequest(content, flags, context);
    case 'partial':
    case 'final':
      return readReply(kind, content, context);
    case 'failure':
      return readFailure(content, flags);
    case 'cancel':
      return { kind, id: readId(content) };
    case 'window': {
      const command = { kind, id: readId(content), more: content.u32() };
      if (command.more === 0) fail('bad_value', 'WINDOW of 0');
      return command;
    }
    case 'credit':
      return { kind, credit: content.u32() };
    case 'proof':
      return { kind, publicKey: content.take(32), mac: content.take(32) };
    case 'disconnect':
      return context.direction.startsWith('broker') ? { kind, ...readReason(content) } : { kind };
    case 'heartbeat':
    case 'draining':
      return { kind };
  }
}

/** Why a broker ends a session; nothing where it does not say so, or not so that it can be read. */
function readReason(content: Cursor): { reason?: { code: string; message: string } } {
  if (content.left < 4) return {};
  const codeBytes = content.u8();
  content.u8();
  const messageBytes = content.u16();
  if (codeBytes + messageBytes > content.left || messageBytes > 4096) return {};
  const code = content.take(codeBytes).toString('latin1');
  const bytes = content.take(messageBytes);
  const message = bytes.toString();
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code) || !Buffer.from(message).equals(bytes)) return {};
  return { reason: { code, message } };
}

function readIntroduction(content: Cursor): {
  introduction: Omit<PackedIntroduction, 'metadata'>;
  nameBytes: number;
  metadataBytes: number;
} {
  const revision = content.u8();
  const nameBytes = content.u8();
  const metadataBytes = content.u16();
  const heartbeatMs = content.u32();
  const capabilities = content.u32();
  if (revision === 0 || heartbeatMs === 0) fail('bad_value', 'revision and heartbeatMs start at 1');
  return { introduction: { revision, heartbeatMs, capabilities }, nameBytes, metadataBytes };
}

function readRequest(
  content: Cursor,
  flags: number,
  { direction, apart, services, limits }: Context,
): PackedRequest {
  const toWorker = direction === 'broker-to-worker';
  const id = readId(content);
  const number = content.u32();
  const [remainingMs, window] = [content.u32(), content.u32()];
  const [priority, attempt, nameBytes] = [content.u8(), content.u8(), content.u8()];
  content.u8();
  const metadataBytes = content.u16();
  if (toWorker && number + nameBytes > 0) fail('bad_service_number', 'a service to a worker');
  if (number > 0 && nameBytes > 0) fail('bad_service_number', 'a number and a name');
  let service = '';
  if (number > 0) service = services[number] ?? fail('bad_service_number', `no service ${number}`);
  else if (!toWorker) service = readName(content.take(nameBytes, 'bad_length'));
  if (priority > 9) fail('bad_value', `priority ${priority}`);
  const metadata = readMetadata(content, metadataBytes);
  const body = readBody(content, apart, limits);
  const failFast = (flags & 1) === 1;
  return {
    kind: 'request',
    id,
    number,
    service,
    remainingMs,
    window,
    priority,
    attempt,
    failFast,
    metadata,
    body,
  };
}

function readReply(kind: PackedReply['kind'], content: Cursor, { apart, limits }: Context): PackedReply {
  const id = readId(content);
  const metadata = readMetadata(content, content.u16());
  return { kind, id, metadata, body: readBody(content, apart, limits) };
}

function readFailure(content: Cursor, flags: number): PackedFailure {
  const id = readId(content);
  const codeBytes = content.u8();
  content.u8();
  const messageBytes = content.u16();
  const code = content.take(codeBytes, 'bad_length').toString('latin1');
  const message = content.take(messageBytes, 'bad_length');
  const text = message.toString();
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) fail('bad_value', `code '${code}'`);
  if (messageBytes > 4096 || !Buffer.from(text).equals(message)) fail('bad_value', 'message');
  return {
    kind: 'failure',
    id,
    ofWorker: (flags & 2) === 2,
    retryable: (flags & 1) === 1,
    code,
    message: text,
  };
}

function readId(content: Cursor): number {
  return content.u32() || fail('bad_id', 'id 0');
}

function readName(bytes: Buffer): string {
  const name = bytes.toString();
  const wrong = bytes.length === 0 || bytes.length > 255 || !Buffer.from(name).equals(bytes);
  return wrong || /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)
    ? fail('bad_service_name', `'${name}'`)
    : name;
}

function readMetadata(content: Cursor, length: number): Buffer {
  const bytes = content.take(length, 'bad_length');
  if (length > 4096) fail('bad_metadata', `${length} bytes`);
  const attributes = new Cursor(bytes, 'bad_metadata');
  while (attributes.left > 0) {
    attributes.u8();
    attributes.take(attributes.u16());
  }
  return bytes;
}

function readBody(content: Cursor, apart: Buffer[], limits: PackedLimits): Buffer[] {
  const count = content.u16('no_body');
  if (count === 0) fail('no_body', 'a body of no frames');
  if (count > limits.framesMax) fail('too_many_frames', `a body of ${count} frames`);
  const table = new Cursor(content.take(4 * count, 'bad_length'), 'bad_length');
  const stated = Array.from({ length: count }, () => table.u32());
  const sizes = stated.map((length) => length % 2 ** 31);
  const largest = Math.max(...sizes);
  if (largest > limits.frameBytesMax) fail('frame_too_large', `a frame of ${largest} bytes`);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > limits.messageBytesMax) fail('message_too_large', `a body of ${total} bytes`);
  const inline = stated.filter((length) => length < 2 ** 31).reduce((sum, size) => sum + size, 0);
  if (inline > 65_536) fail('frame_too_large', `inline frames of ${inline} bytes`);
  const body = stated.map((length) => {
    if (length < 2 ** 31) return content.take(length, 'bad_length');
    const frame = apart.shift();
    if (frame?.length !== length - 2 ** 31) return fail('bad_length', `a frame apart of ${length - 2 ** 31}`);
    return frame;
  });
  if (content.left > 0) fail('bad_length', `${content.left} bytes behind the body`);
  return body;
}
