import { FrameReader } from './frame-reader';
import { hex, type Frame } from './hex';
import { Mailbox } from './mailbox';
import { DEFAULT_TIMEOUT_MS, RawSocket, type RawSocketOptions } from './raw-socket';

/** How a raw worker connects. */
export type RawWorkerOptions = Omit<RawSocketOptions, 'onMessage'>;

/** A REQUEST that a broker sent to a worker. */
export interface WorkerRequest {
  /** The client address frame, opaque; it must go back unchanged. */
  address: Buffer;
  /** At least one frame. */
  body: Buffer[];
}

type Arrival =
  | { kind: 'request'; request: WorkerRequest; frames: Buffer[] }
  | { kind: 'heartbeat' | 'disconnect'; frames: Buffer[] }
  | { kind: 'violation'; complaint: string; frames: Buffer[] };

/**
 * What workers of both dialects can do. Arrivals are kept in order and consumed in order: `expectHeartbeat`
 * after `nextRequest` waits for a heartbeat that came after that request.
 */
export interface RawWorker {
  /** For malformed messages. */
  readonly socket: RawSocket;
  /** HEARTBEATs that arrived so far. */
  readonly heartbeats: number;
  /** Every arrival that broke the layout of the RFC; the next call that meets one throws it. */
  readonly violations: string[];
  /** READY for a service. Sent as often as it is called: twice is a protocol error. */
  ready(service: Frame): Promise<void>;
  /** The next REQUEST, HEARTBEATs before it skipped; throws on anything else. */
  nextRequest(timeoutMs?: number): Promise<WorkerRequest>;
  /** The last or only reply to a request: REPLY (RFC 7) or FINAL (RFC 18). */
  final(address: Frame, ...body: Frame[]): Promise<void>;
  heartbeat(): Promise<void>;
  disconnect(): Promise<void>;
  /** Waits for DISCONNECT, HEARTBEATs before it skipped; throws on anything else. */
  expectDisconnect(timeoutMs?: number): Promise<void>;
  /** Waits for a HEARTBEAT not yet consumed; REQUESTs stay for `nextRequest`; throws on DISCONNECT. */
  expectHeartbeat(timeoutMs?: number): Promise<void>;
  /** Throws when anything but HEARTBEATs is there or arrives within `ms`; what arrived stays. */
  expectNoRequest(ms: number): Promise<void>;
  /** Sends HEARTBEAT every `ms`, the first after `ms`, until the returned function is called or `close()`. */
  heartbeatEvery(ms: number): () => void;
  /** Closes without DISCONNECT: to the broker that is a crash. */
  close(): Promise<void>;
}

abstract class BaseWorker {
  readonly socket: RawSocket;
  readonly violations: string[] = [];
  heartbeats = 0;
  readonly #arrivals: Mailbox<Arrival>;

  constructor(name: string, endpoint: string, options: RawWorkerOptions) {
    this.#arrivals = new Mailbox(name, ({ kind, frames }) => `${kind.toUpperCase()} ${hex(frames)}`);
    this.socket = new RawSocket('dealer', {
      name,
      ...options,
      onMessage: (frames) => this.#arrived(frames),
    });
    this.socket.onClose(() => this.#arrivals.close('the worker was closed'));
    this.socket.connect(endpoint);
  }

  abstract heartbeat(): Promise<void>;

  /** Throws when the frames are no command of the RFC from a broker to a worker. */
  protected abstract parse(frames: Buffer[]): Arrival;

  async nextRequest(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<WorkerRequest> {
    const arrival = await this.#arrivals.take(
      'REQUEST',
      timeoutMs,
      (item) => item.kind !== 'heartbeat',
      true,
    );
    if (arrival.kind !== 'request') throw unexpected('REQUEST', arrival);
    return arrival.request;
  }

  async expectDisconnect(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    const arrival = await this.#arrivals.take(
      'DISCONNECT',
      timeoutMs,
      (item) => item.kind !== 'heartbeat',
      true,
    );
    if (arrival.kind !== 'disconnect') throw unexpected('DISCONNECT', arrival);
  }

  async expectHeartbeat(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    const arrival = await this.#arrivals.take('HEARTBEAT', timeoutMs, (item) => item.kind !== 'request');
    if (arrival.kind !== 'heartbeat') throw unexpected('HEARTBEAT', arrival);
  }

  expectNoRequest(ms: number): Promise<void> {
    return this.#arrivals.quiet('command but HEARTBEAT', ms, (item) => item.kind !== 'heartbeat');
  }

  heartbeatEvery(ms: number): () => void {
    return this.socket.every(ms, () => this.heartbeat());
  }

  close(): Promise<void> {
    return this.socket.close();
  }

  #arrived(frames: Buffer[]): void {
    let arrival: Arrival;
    try {
      arrival = this.parse(frames);
    } catch (error) {
      const complaint = (error as Error).message;
      this.violations.push(complaint);
      arrival = { kind: 'violation', complaint, frames };
    }
    if (arrival.kind === 'heartbeat') this.heartbeats += 1;
    this.#arrivals.push(arrival);
  }
}

/** A worker of RFC 7, MDP/Worker: every command starts with an empty frame. */
export class RawWorker01 extends BaseWorker implements RawWorker {
  constructor(endpoint: string, options: RawWorkerOptions = {}) {
    super('RawWorker01', endpoint, options);
  }

  /** `"" MDPW01 01 service` */
  ready(service: Frame): Promise<void> {
    return this.socket.send('', 'MDPW01', '\x01', service);
  }

  /** `"" MDPW01 03 client-address "" body…` */
  reply(address: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send('', 'MDPW01', '\x03', address, '', ...body);
  }

  /** The same as `reply`, so that tests can be written for both dialects. */
  final(address: Frame, ...body: Frame[]): Promise<void> {
    return this.reply(address, ...body);
  }

  /** `"" MDPW01 04` */
  heartbeat(): Promise<void> {
    return this.socket.send('', 'MDPW01', '\x04');
  }

  /** `"" MDPW01 05` */
  disconnect(): Promise<void> {
    return this.socket.send('', 'MDPW01', '\x05');
  }

  protected parse(frames: Buffer[]): Arrival {
    const reader = new FrameReader('RFC 7 broker to worker', frames).empty().literal('MDPW01');
    return readCommand(
      reader,
      reader.command({ 2: 'request', 4: 'heartbeat', 5: 'disconnect' } as const),
      frames,
    );
  }
}

/** A worker of RFC 18, MDP/Worker: no empty frame in front, PARTIAL and FINAL in place of REPLY. */
export class RawWorker02 extends BaseWorker implements RawWorker {
  constructor(endpoint: string, options: RawWorkerOptions = {}) {
    super('RawWorker02', endpoint, options);
  }

  /** `MDPW02 01 service` */
  ready(service: Frame): Promise<void> {
    return this.socket.send('MDPW02', '\x01', service);
  }

  /** `MDPW02 03 client-address "" body…` */
  partial(address: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send('MDPW02', '\x03', address, '', ...body);
  }

  /** `MDPW02 04 client-address "" body…` */
  final(address: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send('MDPW02', '\x04', address, '', ...body);
  }

  /** `MDPW02 05` */
  heartbeat(): Promise<void> {
    return this.socket.send('MDPW02', '\x05');
  }

  /** `MDPW02 06` */
  disconnect(): Promise<void> {
    return this.socket.send('MDPW02', '\x06');
  }

  protected parse(frames: Buffer[]): Arrival {
    const reader = new FrameReader('RFC 18 broker to worker', frames).literal('MDPW02');
    return readCommand(
      reader,
      reader.command({ 2: 'request', 5: 'heartbeat', 6: 'disconnect' } as const),
      frames,
    );
  }
}

function readCommand(
  reader: FrameReader,
  kind: 'request' | 'heartbeat' | 'disconnect',
  frames: Buffer[],
): Arrival {
  if (kind === 'request') {
    return { kind, request: { address: reader.address(), body: reader.body() }, frames };
  }
  reader.end();
  return { kind, frames };
}

function unexpected(awaited: string, arrival: Arrival): Error {
  const got =
    arrival.kind === 'violation' ? arrival.complaint : `${arrival.kind.toUpperCase()} ${hex(arrival.frames)}`;
  return new Error(`awaited ${awaited}, got ${got}`);
}
