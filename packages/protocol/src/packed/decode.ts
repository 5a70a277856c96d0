import {
  DISCONNECT,
  DRAINING,
  HEARTBEAT,
  PRIORITY_MAX,
  type BrokerDisconnect,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientFailure,
  type ClientToBroker,
  type Proof,
  type Welcome,
  type WorkerToBroker,
} from '../commands';
import { isFailureCode } from '../errors';
import { copyOf, decodeTextStrictly, type Frame } from '../frame';
import { SERVICE_BYTES_MAX, type Limits } from '../limits';
import type { Metadata } from '../metadata';
import { accept, type Decoded } from '../rejection';
import { isServiceName } from '../service-name';
import { KEY_BYTES } from '../z85';
import {
  FAIL_FAST,
  FAILURE_MESSAGE_BYTES_MAX,
  FIXED,
  INTERNED_MAX,
  KIND,
  MAC_BYTES,
  OF_WORKER,
  RETRYABLE,
  SKIPPABLE_KIND,
} from './layout';
import { RecordReader } from './record-reader';

/*
 * From records to commands, one function per direction. What they return equals what the command's zod schema would
 * let through; a property test holds them to it, for at a million records a second the schemas cost too much.
 */

/** Reads one record; `undefined` where it is to be skipped, or the reader has a fault. */
export type ReadRecord<Command> = (reader: RecordReader) => Command | undefined;

/** The commands in a message, all of them or none. */
export function decodeRecords<Command>(
  frames: readonly Frame[],
  header: Frame,
  limits: Limits,
  read: ReadRecord<Command>,
): Decoded<readonly Command[]> {
  const reader = new RecordReader(frames, header, limits);
  const commands: Command[] = [];
  while (reader.next()) {
    const command = read(reader);
    if (command) commands.push(command);
  }
  return reader.fault ? { ok: false, rejection: reader.fault } : accept(commands);
}

/** What is done with a kind that has no place in a direction. */
function unknownKind(reader: RecordReader): undefined {
  if (reader.kind < SKIPPABLE_KIND) reader.refuse('unknown_command', `a record of kind ${reader.kind}`);
}

/** The services of one session by their numbers. */
export class InternedServices {
  readonly #names: string[] = [''];
  #most = INTERNED_MAX;

  /** WELCOME says how many numbers are kept. Of those that came before it, in the opening, no more are. */
  limit(internedMax: number): void {
    this.#most = Math.min(INTERNED_MAX, internedMax);
    if (this.#names.length > this.#most + 1) this.#names.length = this.#most + 1;
  }

  /** The name of a number, or `undefined` where it has none. */
  name(number: number): string | undefined {
    return number === 0 ? undefined : this.#names[number];
  }

  /** Reads SERVICE: numbers are given in order, each once. */
  learn(reader: RecordReader): void {
    if (!reader.has(FIXED.service)) return;
    const number = reader.u32(0);
    const nameBytes = reader.rest(FIXED.service);
    const name = nameBytes.length > SERVICE_BYTES_MAX ? '' : (decodeTextStrictly(nameBytes) ?? '');
    if (number !== this.#names.length || number > this.#most) {
      const next = `the next is ${this.#names.length}, the last ${this.#most}`;
      reader.refuse('bad_service_number', `service number ${number}: ${next}`);
    } else if (!isServiceName(name)) {
      reader.refuse('bad_service_name', 'a service name is 1 to 255 bytes of printable UTF-8');
    } else {
      this.#names.push(name);
    }
  }
}

/** All that a client says. SERVICE is learnt, and becomes no command. */
export function readFromClient(reader: RecordReader, services: InternedServices): ClientToBroker | undefined {
  switch (reader.kind) {
    case KIND.request:
      return readClientRequest(reader, services);
    case KIND.cancel: {
      const id = readId(reader, FIXED.cancel);
      return id === 0 ? undefined : { kind: 'cancel', id };
    }
    case KIND.window: {
      const id = readId(reader, FIXED.window);
      const more = id === 0 ? 0 : readMore(reader);
      return more === 0 ? undefined : { kind: 'window', id, more };
    }
    case KIND.service:
      services.learn(reader);
      return undefined;
    case KIND.hello: {
      const introduction = readIntroduction(reader, FIXED.hello);
      return introduction && { kind: 'hello', ...introduction };
    }
    case KIND.proof:
      return readProof(reader);
    case KIND.heartbeat:
      return reader.has(0) ? HEARTBEAT : undefined;
    case KIND.disconnect:
      return reader.has(0) ? DISCONNECT : undefined;
    default:
      return unknownKind(reader);
  }
}

/** All that a broker says to a client. */
export function readToClient(reader: RecordReader): BrokerToClient | undefined {
  switch (reader.kind) {
    case KIND.final:
    case KIND.partial: {
      const id = readId(reader, FIXED.reply);
      if (id === 0) return undefined;
      const attributes = reader.u16(4);
      const metadata = reader.metadata(FIXED.reply, attributes);
      const body = metadata && reader.body(FIXED.reply + attributes);
      if (!body) return undefined;
      return { kind: reader.kind === KIND.final ? 'final' : 'partial', id, service: '', body, metadata };
    }
    case KIND.failure: {
      const failure = readFailure(reader);
      if (!failure) return undefined;
      const { id, code, message, retryable, origin } = failure;
      return { kind: 'failure', id, service: '', origin, code, message, retryable };
    }
    default:
      return readToEither(reader);
  }
}

/** All that a worker says. */
export function readFromWorker(reader: RecordReader): WorkerToBroker | undefined {
  switch (reader.kind) {
    case KIND.final:
    case KIND.partial: {
      const ref = readId(reader, FIXED.reply);
      if (ref === 0) return undefined;
      const attributes = reader.u16(4);
      const metadata = reader.metadata(FIXED.reply, attributes);
      const body = metadata && reader.body(FIXED.reply + attributes);
      if (!body) return undefined;
      return { kind: reader.kind === KIND.final ? 'final' : 'partial', ref, body, metadata };
    }
    case KIND.failure: {
      const failure = readFailure(reader);
      if (!failure) return undefined;
      const { id: ref, code, message, retryable } = failure;
      return { kind: 'failure', ref, code, message, retryable };
    }
    case KIND.credit:
      return reader.has(FIXED.credit) ? { kind: 'credit', credit: reader.u32(0) } : undefined;
    case KIND.ready:
      return readReady(reader);
    case KIND.proof:
      return readProof(reader);
    case KIND.heartbeat:
      return reader.has(0) ? HEARTBEAT : undefined;
    case KIND.draining:
      return reader.has(0) ? DRAINING : undefined;
    case KIND.disconnect:
      return reader.has(0) ? DISCONNECT : undefined;
    default:
      return unknownKind(reader);
  }
}

/** All that a broker says to a worker. */
export function readToWorker(reader: RecordReader): BrokerToWorker | undefined {
  switch (reader.kind) {
    case KIND.request:
      return readWorkerRequest(reader);
    case KIND.cancel: {
      const ref = readId(reader, FIXED.cancel);
      return ref === 0 ? undefined : { kind: 'cancel', ref };
    }
    case KIND.window: {
      const ref = readId(reader, FIXED.window);
      const more = ref === 0 ? 0 : readMore(reader);
      return more === 0 ? undefined : { kind: 'window', ref, more };
    }
    default:
      return readToEither(reader);
  }
}

/** What a broker says to clients and workers alike. */
function readToEither(
  reader: RecordReader,
): Welcome | typeof HEARTBEAT | typeof DRAINING | BrokerDisconnect | undefined {
  switch (reader.kind) {
    case KIND.welcome:
      return readWelcome(reader);
    case KIND.heartbeat:
      return reader.has(0) ? HEARTBEAT : undefined;
    case KIND.draining:
      return reader.has(0) ? DRAINING : undefined;
    case KIND.disconnect:
      return reader.has(0) ? readDisconnect(reader) : undefined;
    default:
      return unknownKind(reader);
  }
}

function readProof(reader: RecordReader): Proof | undefined {
  if (!reader.has(FIXED.proof)) return undefined;
  const content = reader.rest(0);
  const publicKey = copyOf(content, 0, KEY_BYTES);
  return { kind: 'proof', publicKey, mac: copyOf(content, KEY_BYTES, KEY_BYTES + MAC_BYTES) };
}

/** DISCONNECT of a broker, which is to be heard whatever it says: a reason that cannot be read is none. */
function readDisconnect(reader: RecordReader): BrokerDisconnect {
  const content = reader.rest(0);
  if (content.length < FIXED.reason) return DISCONNECT;
  const codeBytes = reader.u8(0);
  const messageBytes = reader.u16(2);
  const end = FIXED.reason + codeBytes + messageBytes;
  if (end > content.length || messageBytes > FAILURE_MESSAGE_BYTES_MAX) return DISCONNECT;
  const code = decodeTextStrictly(content.subarray(FIXED.reason, FIXED.reason + codeBytes));
  const message = decodeTextStrictly(content.subarray(FIXED.reason + codeBytes, end));
  if (code === undefined || message === undefined || !isFailureCode(code)) return DISCONNECT;
  return { kind: 'disconnect', reason: { code, message } };
}

/** The id at the start of a content of at least so many bytes; 0 is none, and a fault. */
function readId(reader: RecordReader, fixedBytes: number): number {
  if (!reader.has(fixedBytes, reader.kind === KIND.failure ? RETRYABLE | OF_WORKER : 0)) return 0;
  const id = reader.u32(0);
  if (id === 0) reader.refuse('bad_id', 'request ids start at 1');
  return id;
}

function readMore(reader: RecordReader): number {
  const more = reader.u32(4);
  if (more === 0) reader.refuse('bad_value', 'WINDOW of no PARTIALs');
  return more;
}

function readPriority(reader: RecordReader): number | undefined {
  const priority = reader.u8(16);
  if (priority <= PRIORITY_MAX) return priority;
  reader.refuse('bad_value', `priority ${priority}, at most ${PRIORITY_MAX}`);
  return undefined;
}

function readClientRequest(reader: RecordReader, services: InternedServices): ClientToBroker | undefined {
  if (!reader.has(FIXED.request, FAIL_FAST)) return undefined;
  const id = reader.u32(0);
  if (id === 0) {
    reader.refuse('bad_id', 'request ids start at 1');
    return undefined;
  }
  const nameBytes = reader.u8(18);
  const service = readServiceOf(reader, nameBytes, services);
  const priority = readPriority(reader);
  if (service === undefined || priority === undefined) return undefined;
  const attributes = reader.u16(20);
  const metadata = reader.metadata(FIXED.request + nameBytes, attributes);
  const body = metadata && reader.body(FIXED.request + nameBytes + attributes);
  if (!body) return undefined;
  return {
    kind: 'request',
    id,
    service,
    body,
    remainingMs: reader.u32(8),
    window: reader.u32(12),
    priority,
    failFast: (reader.flags & FAIL_FAST) !== 0,
    metadata,
  };
}

function readServiceOf(
  reader: RecordReader,
  nameBytes: number,
  services: InternedServices,
): string | undefined {
  const number = reader.u32(4);
  if (number !== 0 && nameBytes === 0) {
    const known = services.name(number);
    if (known === undefined) reader.refuse('bad_service_number', `no service has number ${number}`);
    return known;
  }
  if (number !== 0) {
    reader.refuse('bad_service_number', `a name beside the service number ${number}`);
    return undefined;
  }
  const bytes = reader.bytes(FIXED.request, nameBytes);
  const name = bytes && decodeTextStrictly(bytes);
  if (name !== undefined && isServiceName(name)) return name;
  reader.refuse('bad_service_name', 'a service name is 1 to 255 bytes of printable UTF-8');
  return undefined;
}

function readWorkerRequest(reader: RecordReader): BrokerToWorker | undefined {
  const ref = readId(reader, FIXED.request);
  if (ref === 0) return undefined;
  if (reader.u32(4) !== 0 || reader.u8(18) !== 0) {
    reader.refuse('bad_service_number', 'a worker serves the one service of its READY');
    return undefined;
  }
  const priority = readPriority(reader);
  if (priority === undefined) return undefined;
  const attributes = reader.u16(20);
  const metadata = reader.metadata(FIXED.request, attributes);
  const body = metadata && reader.body(FIXED.request + attributes);
  if (!body) return undefined;
  return {
    kind: 'request',
    ref,
    body,
    remainingMs: reader.u32(8),
    window: reader.u32(12),
    priority,
    attempt: reader.u8(17),
    metadata,
  };
}

interface Introduction {
  readonly revision: number;
  readonly heartbeatMs: number;
  readonly capabilities: number;
  readonly metadata: Metadata;
}

/** What HELLO, READY and WELCOME have in common; their attributes stand behind `before` bytes. */
function readIntroduction(reader: RecordReader, before: number, nameBytes = 0): Introduction | undefined {
  if (!reader.has(before)) return undefined;
  const revision = reader.u8(0);
  const heartbeatMs = reader.u32(4);
  if (revision === 0 || heartbeatMs === 0) {
    reader.refuse('bad_value', `revision ${revision}, heartbeats every ${heartbeatMs} ms: both start at 1`);
    return undefined;
  }
  const metadata = reader.metadata(before + nameBytes, reader.u16(2));
  return metadata && { revision, heartbeatMs, capabilities: reader.u32(8), metadata };
}

function readReady(reader: RecordReader): WorkerToBroker | undefined {
  if (!reader.has(FIXED.ready)) return undefined;
  const nameBytes = reader.u8(1);
  const bytes = reader.bytes(FIXED.ready, nameBytes);
  const service = bytes && decodeTextStrictly(bytes);
  if (service === undefined || !isServiceName(service)) {
    reader.refuse('bad_service_name', 'a service name is 1 to 255 bytes of printable UTF-8');
    return undefined;
  }
  const introduction = readIntroduction(reader, FIXED.ready, nameBytes);
  return introduction && { kind: 'ready', service, credit: reader.u32(12), ...introduction };
}

function readWelcome(reader: RecordReader): Welcome | undefined {
  const introduction = readIntroduction(reader, FIXED.welcome);
  if (!introduction) return undefined;
  const framesMax = reader.u32(16);
  const frameBytesMax = reader.u32(20);
  const messageBytesMax = reader.u32(24);
  if (framesMax === 0 || frameBytesMax === 0 || messageBytesMax === 0) {
    reader.refuse('bad_value', 'limits start at 1');
    return undefined;
  }
  const internedMax = reader.u32(12);
  return { kind: 'welcome', ...introduction, internedMax, framesMax, frameBytesMax, messageBytesMax };
}

interface Failure {
  readonly id: number;
  readonly origin: ClientFailure['origin'];
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

function readFailure(reader: RecordReader): Failure | undefined {
  const id = readId(reader, FIXED.failure);
  if (id === 0) return undefined;
  const codeBytes = reader.u8(4);
  const messageBytes = reader.u16(6);
  const codePart = reader.bytes(FIXED.failure, codeBytes);
  const messagePart = reader.bytes(FIXED.failure + codeBytes, messageBytes);
  if (!codePart || !messagePart) return undefined;
  const code = decodeTextStrictly(codePart) ?? '';
  const message = messageBytes > FAILURE_MESSAGE_BYTES_MAX ? undefined : decodeTextStrictly(messagePart);
  if (!isFailureCode(code)) {
    reader.refuse('bad_value', 'a failure code is 1 to 64 capitals, digits and _, a capital first');
  } else if (message === undefined) {
    reader.refuse('bad_value', `a failure's message is UTF-8, ${FAILURE_MESSAGE_BYTES_MAX} bytes at most`);
  } else {
    const origin = (reader.flags & OF_WORKER) === 0 ? 'broker' : 'worker';
    return { id, origin, code, message, retryable: (reader.flags & RETRYABLE) !== 0 };
  }
  return undefined;
}
