import type { Frame } from './hex';
import type {
  PackedCommand,
  PackedFailure,
  PackedHello,
  PackedReply,
  PackedRequest,
  PackedWelcome,
} from './packed-commands';
import { INTRODUCTION, RawPackedPeer, type RawPackedPeerOptions } from './raw-packed-peer';

/** What a request may say beside service and body. */
export type PackedRequestFields = Partial<Omit<PackedRequest, 'kind' | 'service' | 'body'>>;

interface Asked {
  /** PARTIALs that may still come. */
  window: number;
  cancelled: boolean;
}

/**
 * A client of MDP/P1, written from docs/PROTOCOL.md and not on our codec. It does nothing by itself. Recorded as
 * violations: a reply to what was not asked or has ended, more PARTIALs than their window, anything before WELCOME
 * or after DISCONNECT, and every message that cannot be read.
 */
export class RawPackedClient extends RawPackedPeer {
  readonly #asked = new Map<number, Asked>();
  readonly #numbers = new Map<string, number>();
  #lastId = 0;

  constructor(endpoint: string, options: RawPackedPeerOptions = {}) {
    super('RawPackedClient', endpoint, options, 'client-to-broker', 'broker-to-client');
  }

  /** HELLO, behind the empty frame. Sent as often as it is called: twice is a protocol error. */
  hello(fields: Partial<PackedHello> = {}): Promise<void> {
    return this.open({ ...INTRODUCTION, ...fields, kind: 'hello' });
  }

  /** HELLO and the WELCOME to it. */
  async connect(fields: Partial<PackedHello> = {}): Promise<PackedWelcome> {
    await this.hello(fields);
    return this.nextWelcome();
  }

  /** SERVICE: requests of `request` use the number from now on. Returns it. */
  async intern(service: string): Promise<number> {
    const number = this.#numbers.size + 1;
    await this.send({ kind: 'service', number, service });
    return number;
  }

  /** A REQUEST as a command, to be sent with others by `send`; its id is the next one unless `fields` has it. */
  asRequest(service: string, body: readonly Frame[], fields: PackedRequestFields = {}): PackedRequest {
    return {
      kind: 'request',
      id: fields.id ?? this.#lastId + 1,
      number: this.#numbers.get(service) ?? 0,
      service,
      remainingMs: 0,
      window: 0,
      priority: 4,
      attempt: 0,
      failFast: false,
      metadata: Buffer.alloc(0),
      body: body.map((frame) => Buffer.from(frame)),
      ...fields,
    };
  }

  /** REQUEST; returns its id. */
  async request(service: string, body: readonly Frame[], fields: PackedRequestFields = {}): Promise<number> {
    const request = this.asRequest(service, body, fields);
    await this.send(request);
    return request.id;
  }

  cancel(id: number): Promise<void> {
    return this.send({ kind: 'cancel', id });
  }

  /** WINDOW: so many more PARTIALs. */
  window(id: number, more: number): Promise<void> {
    return this.send({ kind: 'window', id, more });
  }

  /** The next PARTIAL, FINAL or FAILURE, of one request or of any; throws on DISCONNECT. */
  nextReply(id?: number, timeoutMs?: number): Promise<PackedReply | PackedFailure> {
    const match = (reply: PackedReply | PackedFailure): boolean => id === undefined || reply.id === id;
    return this.inbox.next(['partial', 'final', 'failure'], timeoutMs, match);
  }

  /** REQUEST and the body of its FINAL, PARTIALs dropped; throws on FAILURE. */
  async ask(service: string, ...body: Frame[]): Promise<Buffer[]> {
    const id = await this.request(service, body, { window: 1_000_000 });
    for (;;) {
      const reply = await this.nextReply(id);
      if (reply.kind === 'failure') throw new Error(`FAILURE ${reply.code}: ${reply.message}`);
      if (reply.kind === 'final') return reply.body;
    }
  }

  protected noteSent(command: PackedCommand): void {
    if (command.kind === 'request') {
      this.#lastId = Math.max(this.#lastId, command.id);
      this.#asked.set(command.id, { window: command.window, cancelled: false });
    } else if (command.kind === 'service') this.#numbers.set(command.service, command.number);
    else if (command.kind === 'window') {
      const asked = this.#asked.get(command.id);
      if (asked) asked.window += command.more;
    } else if (command.kind === 'cancel') {
      const asked = this.#asked.get(command.id);
      if (asked) asked.cancelled = true;
    }
  }

  protected noteReceived(command: PackedCommand): void {
    if (command.kind !== 'partial' && command.kind !== 'final' && command.kind !== 'failure') return;
    const asked = this.#asked.get(command.id);
    if (!asked) throw new Error(`${command.kind.toUpperCase()} to ${command.id}, which is no open request`);
    if (command.kind !== 'partial') this.#asked.delete(command.id);
    else if (--asked.window < 0 && !asked.cancelled)
      throw new Error(`PARTIAL to ${command.id} beyond its window`);
  }
}
