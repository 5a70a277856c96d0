import { connect, type Socket } from 'node:net';
import { RunError } from '../errors';

/*
 * A peer's end of a ZMTP 3.0 connection, without ZeroMQ: one file descriptor and no thread, and it may do what ZeroMQ
 * never does. https://rfc.zeromq.org/spec/23/
 */

const MORE = 0x01;
const LONG = 0x02;
const COMMAND = 0x04;

/** Signature, version 3.0, mechanism NULL, no server, filler. */
const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]),
  Buffer.from('NULL'.padEnd(20, '\0')),
  Buffer.alloc(32),
]);

const READY = command('READY', Buffer.concat([Buffer.from('\x0bSocket-Type\0\0\0\x06DEALER')]));

function command(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), data]);
  return Buffer.concat([Buffer.from([COMMAND, body.length]), body]);
}

/** The bytes of one frame. */
export function frame(body: Uint8Array, more: boolean): Buffer {
  const flags = more ? MORE : 0;
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | LONG;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

/** The bytes of one message. */
export function message(frames: readonly (Uint8Array | string)[]): Buffer {
  return Buffer.concat(
    frames.map((each, at) => {
      const body = typeof each === 'string' ? Buffer.from(each) : each;
      return frame(body, at < frames.length - 1);
    }),
  );
}

/** Takes messages out of a stream of bytes; commands are passed over. */
class Reader {
  #rest: Buffer = Buffer.alloc(0);
  #frames: Buffer[] = [];

  constructor(private readonly heard: (frames: Buffer[]) => void) {}

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const flags = this.#rest[at];
      if (flags === undefined) break;
      const long = (flags & LONG) !== 0;
      const start = at + (long ? 9 : 2);
      if (this.#rest.length < start) break;
      const length = long ? Number(this.#rest.readBigUInt64BE(at + 1)) : this.#rest[at + 1]!;
      if (this.#rest.length < start + length) break;
      at = start + length;
      if ((flags & COMMAND) === 0) this.#frame(this.#rest.subarray(start, at), (flags & MORE) !== 0);
    }
    this.#rest = this.#rest.subarray(at);
  }

  #frame(body: Buffer, more: boolean): void {
    this.#frames.push(body);
    if (more) return;
    const frames = this.#frames;
    this.#frames = [];
    this.heard(frames);
  }
}

/** How long a connection and its handshake may take, in ms. */
const CONNECT_TIMEOUT_MS = 30_000;

/** A DEALER's connection to a broker. */
export class RawConnection {
  readonly #socket: Socket;
  #handshake = Buffer.alloc(0);
  #isReady = false;
  /** When it closed, in ms of `performance.now()`; `undefined` while it stands. */
  closedAt: number | undefined;

  private constructor(
    endpoint: string,
    private readonly heard: (frames: Buffer[]) => void,
    shakesHands: boolean,
    opened: () => void,
  ) {
    const { hostname, port } = new URL(endpoint);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const reader = new Reader((frames) => this.heard(frames));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => (this.closedAt ??= performance.now()));
    this.#socket.on('connect', () => {
      if (shakesHands) this.#socket.write(Buffer.concat([GREETING, READY]));
      else opened();
    });
    this.#socket.on('data', (chunk) => {
      if (this.#isReady) return reader.push(chunk);
      this.#handshake = Buffer.concat([this.#handshake, chunk]);
      // The broker's READY stands behind its greeting; both are short.
      const end = GREETING.length + 2 + (this.#handshake[GREETING.length + 1] ?? Infinity);
      if (this.#handshake.length < end) return;
      this.#isReady = true;
      opened();
      reader.push(this.#handshake.subarray(end));
    });
  }

  /**
   * Connects.
   * @param heard - what the broker says, message by message
   * @param shakesHands - false for a connection that says not even what it is
   * @throws RunError where the connection does not stand in time
   */
  static async open(
    endpoint: string,
    heard: (frames: Buffer[]) => void = () => undefined,
    shakesHands = true,
  ): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const connection: RawConnection = new RawConnection(endpoint, heard, shakesHands, () => {
        clearTimeout(patience);
        resolve(connection);
      });
      const fail = () => {
        clearTimeout(patience);
        connection.close();
        reject(new RunError(`No connection to ${endpoint}.`));
      };
      const patience = setTimeout(fail, CONNECT_TIMEOUT_MS);
      connection.#socket.once('close', fail);
    });
  }

  get isOpen(): boolean {
    return this.closedAt === undefined;
  }

  /** Sends one message. */
  send(...frames: readonly (Uint8Array | string)[]): boolean {
    return this.sendBytes(message(frames));
  }

  /** Sends bytes as they are; false where more should wait for {@link drained}. */
  sendBytes(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  /** Resolves once what was sent has left, or the connection is closed. */
  async drained(): Promise<void> {
    if (!this.isOpen || !this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        this.#socket.off('drain', go).off('close', go);
        resolve();
      };
      this.#socket.on('drain', go).on('close', go);
    });
  }

  /** Reads no more. */
  stopReading(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }
}
