import { FrameReader } from './frame-reader';
import type { Frame } from './hex';
import { DEFAULT_TIMEOUT_MS, RawSocket, type RawSocketOptions } from './raw-socket';

/** How a raw client connects. */
export interface RawClientOptions extends Omit<RawSocketOptions, 'onMessage'> {
  /** Use a REQ socket, which adds and strips the empty frame 0 by itself. Default: false, a DEALER. */
  req?: boolean;
}

/** A REPLY of RFC 7. */
export interface Reply01 {
  service: string;
  /** At least one frame. */
  body: Buffer[];
}

/** A PARTIAL or FINAL of RFC 18. */
export interface Reply02 {
  kind: 'partial' | 'final';
  service: string;
  /** At least one frame. */
  body: Buffer[];
}

/** All the answers to one request of RFC 18. */
export interface Answer02 {
  /** Bodies of the PARTIALs, in order of arrival. */
  partials: Buffer[][];
  /** Body of the FINAL. */
  final: Buffer[];
}

/** What clients of both dialects can do. */
export interface RawClient {
  /** For malformed messages and for silence. */
  readonly socket: RawSocket;
  /** Sends a REQUEST and nothing else. */
  request(service: Frame, ...body: Frame[]): Promise<void>;
  /** REQUEST, then the body of the one REPLY (RFC 7) or of the FINAL, PARTIALs dropped (RFC 18). */
  ask(service: string, ...body: Frame[]): Promise<Buffer[]>;
  close(): Promise<void>;
}

abstract class BaseClient {
  readonly socket: RawSocket;
  protected readonly req: boolean;

  constructor(name: string, endpoint: string, { req = false, ...options }: RawClientOptions) {
    this.req = req;
    this.socket = new RawSocket(req ? 'request' : 'dealer', { name, ...options }).connect(endpoint);
  }

  close(): Promise<void> {
    return this.socket.close();
  }
}

/** A client of RFC 7, MDP/Client. */
export class RawClient01 extends BaseClient implements RawClient {
  constructor(endpoint: string, options: RawClientOptions = {}) {
    super('RawClient01', endpoint, options);
  }

  /** REQUEST: `"" MDPC01 service body…`. Without a body it is malformed, and sent all the same. */
  request(service: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send(...(this.req ? [] : ['']), 'MDPC01', service, ...body);
  }

  /** The next REPLY; throws when it is not `"" MDPC01 service body…`. */
  async reply(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<Reply01> {
    const reader = new FrameReader('RFC 7 client REPLY', await this.socket.receive(timeoutMs, 'REPLY'));
    if (!this.req) reader.empty();
    return { service: reader.literal('MDPC01').service(), body: reader.body() };
  }

  /** REQUEST and its REPLY, which must name the same service. */
  async call(service: string, ...body: Frame[]): Promise<Reply01> {
    await this.request(service, ...body);
    const reply = await this.reply();
    assertService(service, reply.service);
    return reply;
  }

  async ask(service: string, ...body: Frame[]): Promise<Buffer[]> {
    return (await this.call(service, ...body)).body;
  }
}

/**
 * A client of RFC 18, MDP/Client. With `req: true` its messages have an empty frame in front (RFC 18 asks for
 * a DEALER; many clients use REQ), and since a REQ takes one reply to one request it can see no PARTIAL.
 */
export class RawClient02 extends BaseClient implements RawClient {
  constructor(endpoint: string, options: RawClientOptions = {}) {
    super('RawClient02', endpoint, options);
  }

  /** REQUEST: `MDPC02 01 service body…`. Without a body it is malformed, and sent all the same. */
  request(service: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send('MDPC02', '\x01', service, ...body);
  }

  /** The next PARTIAL or FINAL; throws when it is not `MDPC02 02|03 service body…`. */
  async reply(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<Reply02> {
    const frames = await this.socket.receive(timeoutMs, 'PARTIAL or FINAL');
    const reader = new FrameReader('RFC 18 client PARTIAL or FINAL', frames).literal('MDPC02');
    return {
      kind: reader.command({ 2: 'partial', 3: 'final' }),
      service: reader.service(),
      body: reader.body(),
    };
  }

  /** REQUEST, its PARTIALs, and its FINAL; all must name the same service. */
  async call(service: string, ...body: Frame[]): Promise<Answer02> {
    await this.request(service, ...body);
    const partials: Buffer[][] = [];
    for (;;) {
      const reply = await this.reply();
      assertService(service, reply.service);
      if (reply.kind === 'final') return { partials, final: reply.body };
      if (this.req)
        throw new Error('RawClient02: a PARTIAL was sent to a REQ socket, which cannot get its FINAL');
      partials.push(reply.body);
    }
  }

  async ask(service: string, ...body: Frame[]): Promise<Buffer[]> {
    return (await this.call(service, ...body)).final;
  }
}

function assertService(asked: string, answered: string): void {
  if (asked !== answered) throw new Error(`asked service '${asked}', but the reply names '${answered}'`);
}
