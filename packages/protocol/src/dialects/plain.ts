import { Body } from '../body';
import {
  DISCONNECT,
  HEARTBEAT,
  PRIORITY_DEFAULT,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type Ref,
  type WorkerToBroker,
} from '../commands';
import type { Channel } from '../dialect';
import {
  bytesToKey,
  decodeTextStrictly,
  EMPTY_FRAME,
  encodeText,
  keyToBytes,
  sameBytes,
  type Frame,
} from '../frame';
import { isServiceName } from '../service-name';
import {
  ADDRESS_BYTES_MAX,
  DEFAULT_LIMITS,
  ENVELOPE,
  NO_ALLOWANCE,
  U32_MAX,
  type Allowance,
  type Limits,
} from '../limits';
import { NO_METADATA } from '../metadata';
import { accept, beyondLimits, reject, type Decoded } from '../rejection';

/*
 * What MDP/0.1 and MDP/0.2 share. Both start with a fixed run of frames (delimiter, header); the
 * worker halves differ in that run and in the command numbers alone. What is read is checked here, by hand, for
 * zod costs more than all the rest of it; a property test holds it to the schemas.
 */

/** Plain workers take one request at a time (RFC 7, RFC 18: "at most one request a time"). */
const PLAIN_CREDIT = 1;

/** What a plain READY leaves open; nobody goes by it. */
const UNSAID = { revision: 1, heartbeatMs: U32_MAX, capabilities: 0, metadata: NO_METADATA } as const;

/** The command numbers of a worker half. A dialect without PARTIAL has one REPLY, its final. */
export interface WorkerCodes {
  readonly ready: number;
  readonly request: number;
  readonly partial?: number;
  readonly final: number;
  readonly heartbeat: number;
  readonly disconnect: number;
}

/** The rejection of a message that is beyond the limits or does not start with the prefix. */
function badPrefix(
  frames: readonly Frame[],
  prefix: readonly Frame[],
  limits: Limits,
  allowance: Allowance,
): Decoded<never> | undefined {
  const beyond = beyondLimits(frames, limits, allowance);
  if (beyond) return beyond;
  if (frames.length === 0) return reject('empty_message', 'no frames');
  for (let index = 0; index < prefix.length; index++) {
    const expected = prefix[index] ?? EMPTY_FRAME;
    const frame = frames[index];
    if (!frame) return reject('truncated', `${frames.length} frames, too few for a header`);
    if (sameBytes(frame, expected)) continue;
    if (expected.length === 0) return reject('missing_delimiter', 'the first frame should be empty');
    if (frame.length === 0)
      return reject('unexpected_delimiter', 'an empty frame stands where the header should');
    return reject('unknown_header', `header ${describe(frame)}`);
  }
  return undefined;
}

/** A frame for a log line: short, printable whatever is in it. */
export function describe(frame: Frame): string {
  const shown = [...frame.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `0x${shown}${frame.length > 16 ? '…' : ''} (${frame.length} bytes)`;
}

/** The rejection of a body without frames, or `undefined`. */
function badBody(body: Body): Decoded<never> | undefined {
  return body.length > 0 ? undefined : reject('no_body', 'a body has at least one frame');
}

/** The rejection of what is no service name, or `undefined`. */
function badService(name: string): Decoded<never> | undefined {
  if (isServiceName(name)) return undefined;
  return reject('bad_service_name', 'a service name is 1 to 255 bytes of printable UTF-8');
}

/** The service in a frame; bytes that are not UTF-8 read as the empty name, which is none. */
function readService(frame: Frame): string {
  return decodeTextStrictly(frame) ?? '';
}

/**
 * A channel whose messages start with `prefix`; `read` gets the index of the first frame after it.
 * Channels from a broker to its peers allow for {@link ENVELOPE}.
 */
export function prefixed<Command>(
  prefix: readonly Frame[],
  encode: (command: Command) => readonly Frame[] | undefined,
  read: (frames: readonly Frame[], at: number) => Decoded<Command>,
  allowance = NO_ALLOWANCE,
): Channel<Command> {
  return {
    encode(command) {
      const tail = encode(command);
      return tail && [...prefix, ...tail];
    },
    decode(frames, limits = DEFAULT_LIMITS) {
      return badPrefix(frames, prefix, limits, allowance) ?? read(frames, prefix.length);
    },
  };
}

/** The REQUEST of a client in the frames from `at` on: service and body. */
export function readRequest(frames: readonly Frame[], at: number): Decoded<ClientToBroker> {
  const service = frames[at];
  if (!service) return reject('truncated', 'no service frame');
  const name = readService(service);
  const body = new Body(frames.slice(at + 1));
  const bad = badService(name) ?? badBody(body);
  if (bad) return bad;
  return accept<ClientToBroker>({
    kind: 'request',
    id: 0,
    service: name,
    body,
    remainingMs: 0,
    window: 0,
    priority: PRIORITY_DEFAULT,
    failFast: false,
    metadata: NO_METADATA,
  });
}

/** The reply of a broker in the frames from `at` on: service and body. */
export function readReply(
  kind: 'partial' | 'final',
  frames: readonly Frame[],
  at: number,
): Decoded<BrokerToClient> {
  const service = frames[at];
  if (!service) return reject('truncated', 'no service frame');
  const name = readService(service);
  const body = new Body(frames.slice(at + 1));
  const bad = badService(name) ?? badBody(body);
  if (bad) return bad;
  return accept<BrokerToClient>({
    kind,
    id: 0,
    service: name,
    body,
    metadata: NO_METADATA,
  });
}

/** The number in a one-byte command frame, or a rejection. */
export function readCode(frame: Frame | undefined): number | Decoded<never> {
  if (!frame) return reject('truncated', 'no command frame');
  const code = frame[0];
  if (frame.length === 1 && code !== undefined) return code;
  return reject('unknown_command', `the command frame is ${describe(frame)}, it should be one byte`);
}

/** A command with an envelope: client address, empty frame, body (RFC 7 and 18, "Request and Reply Processing"). */
interface Enveloped {
  readonly ref: string;
  readonly body: Body;
}

function readEnvelope(frames: readonly Frame[], at: number): Enveloped | Decoded<never> {
  const address = frames[at];
  const end = frames[at + 1];
  if (!address) return reject('truncated', 'no client address frame');
  if (!end) return reject('truncated', 'no empty frame after the client address');
  if (end.length > 0) return reject('no_envelope_end', 'the frame after the client address is not empty');
  if (address.length === 0 || address.length > ADDRESS_BYTES_MAX) {
    return reject('bad_address', `a client address of ${address.length} bytes, 1 to ${ADDRESS_BYTES_MAX}`);
  }
  if (frames.length === at + 2) return reject('no_body', 'a body has at least one frame');
  return { ref: bytesToKey(address), body: new Body(frames.slice(at + 2)) };
}

function writeEnvelope(code: Frame, { ref, body }: { readonly ref: Ref; readonly body: Body }): Frame[] {
  return [code, keyToBytes(String(ref)), EMPTY_FRAME, ...body.frames];
}

function bare<Command>(frames: readonly Frame[], at: number, command: Command): Decoded<Command> {
  if (frames.length === at) return accept(command);
  return reject('surplus_frames', `${frames.length - at} frames after a command that has none`);
}

/** The two channels between a worker and its broker. */
export interface WorkerHalf {
  readonly workerToBroker: Channel<WorkerToBroker>;
  readonly brokerToWorker: Channel<BrokerToWorker>;
}

/** Both channels of a worker half, from its prefix and its command numbers. */
export function workerHalf(prefix: readonly Frame[], codes: WorkerCodes): WorkerHalf {
  const frameOf = (code: number): Frame => Uint8Array.of(code);
  const ready = frameOf(codes.ready);
  const request = frameOf(codes.request);
  const partial = codes.partial === undefined ? undefined : frameOf(codes.partial);
  const final = frameOf(codes.final);
  const heartbeat = [frameOf(codes.heartbeat)];
  const disconnect = [frameOf(codes.disconnect)];

  /** Reads the command number, and what both directions have in common; `read` sees to the rest. */
  const reader =
    <Command>(read: (code: number, frames: readonly Frame[], at: number) => Decoded<Command>) =>
    (frames: readonly Frame[], start: number): Decoded<Command | typeof HEARTBEAT | typeof DISCONNECT> => {
      const code = readCode(frames[start]);
      if (typeof code !== 'number') return code;
      const at = start + 1;
      if (code === codes.heartbeat) return bare(frames, at, HEARTBEAT);
      if (code === codes.disconnect) return bare(frames, at, DISCONNECT);
      return read(code, frames, at);
    };

  const workerToBroker = prefixed<WorkerToBroker>(
    prefix,
    (command) => {
      switch (command.kind) {
        case 'ready':
          return [ready, encodeText(command.service)];
        case 'partial':
          return partial && writeEnvelope(partial, command);
        case 'final':
          return writeEnvelope(final, command);
        case 'heartbeat':
          return heartbeat;
        case 'disconnect':
          return disconnect;
        case 'credit':
        case 'failure':
        case 'draining':
        case 'proof':
          return undefined;
      }
    },
    reader<WorkerToBroker>((code, frames, at) => {
      if (code === codes.ready) {
        const service = frames[at];
        if (!service) return reject('truncated', 'no service frame');
        if (frames.length > at + 1) return reject('surplus_frames', 'READY has frames after its service');
        const name = readService(service);
        return (
          badService(name) ??
          accept<WorkerToBroker>({
            kind: 'ready',
            service: name,
            credit: PLAIN_CREDIT,
            ...UNSAID,
          })
        );
      }
      if (code !== codes.final && code !== codes.partial) {
        return reject('unknown_command', `command ${code} of a worker`);
      }
      const envelope = readEnvelope(frames, at);
      if ('ok' in envelope) return envelope;
      const kind = code === codes.final ? 'final' : 'partial';
      const { ref, body } = envelope;
      return accept<WorkerToBroker>({ kind, ref, body, metadata: NO_METADATA });
    }),
  );

  const brokerToWorker = prefixed<BrokerToWorker>(
    prefix,
    (command) => {
      switch (command.kind) {
        case 'request':
          return writeEnvelope(request, command);
        case 'heartbeat':
          return heartbeat;
        case 'disconnect':
          return disconnect;
        case 'welcome':
        case 'cancel':
        case 'window':
        case 'draining':
          return undefined;
      }
    },
    reader<BrokerToWorker>((code, frames, at) => {
      if (code !== codes.request) return reject('unknown_command', `command ${code} to a worker`);
      const envelope = readEnvelope(frames, at);
      if ('ok' in envelope) return envelope;
      return accept<BrokerToWorker>({
        kind: 'request',
        ref: envelope.ref,
        body: envelope.body,
        remainingMs: 0,
        window: 0,
        priority: PRIORITY_DEFAULT,
        attempt: 0,
        metadata: NO_METADATA,
      });
    }),
    ENVELOPE,
  );

  return { workerToBroker, brokerToWorker };
}
