import { eventually } from './eventually';
import { hex, type Frame } from './hex';
import { Mailbox } from './mailbox';
import { decodePacked, encodePacked, packedHeader } from './packed-codec';
import type {
  PackedCommand,
  PackedDirection,
  PackedFailure,
  PackedReply,
  PackedRequest,
  PackedWelcome,
} from './packed-commands';
import { keyOf, PackedSessionAtBroker } from './packed-peers';
import type { NextFromWorkerOptions, RawBrokerOptions } from './raw-broker';
import { INTRODUCTION } from './raw-packed-peer';
import { DEFAULT_TIMEOUT_MS, RawSocket, type RawSocketOptions } from './raw-socket';
import { FREE_WITHIN_MS, untilFree } from './until-free';

/** How a raw packed broker listens. */
export interface RawPackedBrokerOptions extends RawBrokerOptions {
  /** Answers every HELLO and READY with a WELCOME of these fields; `false`: only on command. Default: `{}`. */
  welcome?: Partial<PackedWelcome> | false;
}

/** A command, and the routing id of who sent it. SERVICE is not delivered: requests come with their names. */
export interface PackedFrom {
  peer: Buffer;
  command: PackedCommand;
}

const WELCOME: PackedWelcome = {
  ...INTRODUCTION,
  kind: 'welcome',
  internedMax: 8_192,
  framesMax: 1_024,
  frameBytesMax: 64 * 1_024 * 1_024,
  messageBytesMax: 64 * 1_024 * 1_024,
};

/**
 * A broker of MDP/P1, written from docs/PROTOCOL.md and not on our codec. It says nothing by itself but WELCOME.
 * Recorded as violations, and taken no further: messages that cannot be read, commands of peers without a session, a
 * session that begins without the empty frame, an empty frame elsewhere, a request before WELCOME or under an id that
 * is open, replies to what a worker does not hold or beyond its window, anything after DISCONNECT.
 */
export class RawPackedBroker {
  /** A ROUTER, so the first frame sent is the peer's routing id. */
  readonly socket: RawSocket;
  readonly violations: string[] = [];
  endpoint = '';
  /** HEARTBEATs that arrived so far from all peers. */
  heartbeats = 0;
  readonly #sessions = new Map<string, PackedSessionAtBroker>();
  readonly #fromClients: Mailbox<PackedFrom>;
  readonly #fromWorkers: Mailbox<PackedFrom>;
  readonly #welcome: Partial<PackedWelcome> | false;

  /** Binds, waiting up to 5 s for the endpoint to be free. */
  static async listen({
    endpoint = 'tcp://127.0.0.1:0',
    welcome = {},
    ...options
  }: RawPackedBrokerOptions = {}): Promise<RawPackedBroker> {
    const broker = new RawPackedBroker(welcome, options);
    try {
      broker.endpoint = await eventually(() => broker.socket.bind(endpoint), {
        what: `${endpoint} to be free`,
        timeoutMs: FREE_WITHIN_MS,
      });
    } catch (error) {
      await broker.socket.close();
      throw error;
    }
    return broker;
  }

  private constructor(welcome: Partial<PackedWelcome> | false, options: RawSocketOptions) {
    this.#welcome = welcome;
    const show = ({ peer, command }: PackedFrom): string => `${command.kind.toUpperCase()} of ${hex([peer])}`;
    this.#fromClients = new Mailbox('RawPackedBroker', show);
    this.#fromWorkers = new Mailbox('RawPackedBroker', show);
    const onMessage = ([peer, ...frames]: Buffer[]): void => this.#arrived(peer as Buffer, frames);
    this.socket = new RawSocket('router', { name: 'RawPackedBroker', ...options, onMessage });
    this.socket.onClose(() => {
      this.#fromClients.close('the broker was closed');
      this.#fromWorkers.close('the broker was closed');
    });
  }

  /** Routing ids of clients whose session stands. */
  get clients(): Buffer[] {
    return this.#standing('client').map(({ peer }) => peer);
  }

  /** Routing ids of workers whose session stands. */
  get workers(): Buffer[] {
    return this.#standing('worker').map(({ peer }) => peer);
  }

  /** Requests that a worker takes at once, as it said last. */
  creditOf(worker: Frame): number {
    return this.#sessions.get(keyOf(worker))?.credit ?? 0;
  }

  /** The next command of a client; HELLO is one. */
  nextFromClient(options: NextFromWorkerOptions = {}): Promise<PackedFrom> {
    return next(this.#fromClients, 'client command', options);
  }

  /** The next command of a worker; READY is one. */
  nextFromWorker(options: NextFromWorkerOptions = {}): Promise<PackedFrom> {
    return next(this.#fromWorkers, 'worker command', options);
  }

  /** The next REQUEST of a client; all that came before it is dropped. */
  async nextClientRequest(
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<PackedRequest & { client: Buffer }> {
    const isRequest = ({ command }: PackedFrom): boolean => command.kind === 'request';
    const { peer, command } = await this.#fromClients.take('client REQUEST', timeoutMs, isRequest, true);
    return { ...(command as PackedRequest), client: peer };
  }

  /** Throws when a client request is there or arrives within `ms`. */
  expectNoClientRequest(ms: number): Promise<void> {
    return this.#fromClients.quiet('client REQUEST', ms, ({ command }) => command.kind === 'request');
  }

  /** These commands as one message, in the half that the peer's session is of. */
  send(peer: Frame, ...commands: PackedCommand[]): Promise<void> {
    const session = this.#sessions.get(keyOf(peer));
    for (const command of commands) session?.sent(command);
    const direction = session?.half === 'worker' ? 'broker-to-worker' : 'broker-to-client';
    return this.socket.send(peer, ...encodePacked(direction, commands));
  }

  /** Any frames at all. */
  sendRaw(peer: Frame, ...frames: Frame[]): Promise<void> {
    return this.socket.send(peer, ...frames);
  }

  welcomeTo(peer: Frame, fields: Partial<PackedWelcome> = {}): Promise<void> {
    return this.send(peer, { ...WELCOME, ...fields, kind: 'welcome' });
  }

  /** REQUEST to a worker under a reference. */
  requestTo(
    worker: Frame,
    id: number,
    body: readonly Frame[],
    fields: Partial<Omit<PackedRequest, 'kind' | 'id' | 'body'>> = {},
  ): Promise<void> {
    return this.send(worker, {
      number: 0,
      service: '',
      remainingMs: 0,
      window: 0,
      priority: 4,
      attempt: 1,
      failFast: false,
      metadata: Buffer.alloc(0),
      ...fields,
      kind: 'request',
      id,
      body: body.map((frame) => Buffer.from(frame)),
    });
  }

  partialTo(client: Frame, id: number, ...body: Frame[]): Promise<void> {
    return this.send(client, reply('partial', id, body));
  }

  finalTo(client: Frame, id: number, ...body: Frame[]): Promise<void> {
    return this.send(client, reply('final', id, body));
  }

  failureTo(
    client: Frame,
    id: number,
    code: string,
    message = '',
    fields: Partial<PackedFailure> = {},
  ): Promise<void> {
    return this.send(client, {
      retryable: false,
      ofWorker: false,
      ...fields,
      kind: 'failure',
      id,
      code,
      message,
    });
  }

  /** CANCEL to a worker. */
  cancelTo(worker: Frame, id: number): Promise<void> {
    return this.send(worker, { kind: 'cancel', id });
  }

  /** WINDOW to a worker. */
  windowTo(worker: Frame, id: number, more: number): Promise<void> {
    return this.send(worker, { kind: 'window', id, more });
  }

  drainingTo(peer: Frame): Promise<void> {
    return this.send(peer, { kind: 'draining' });
  }

  heartbeatTo(peer: Frame): Promise<void> {
    return this.send(peer, { kind: 'heartbeat' });
  }

  disconnect(peer: Frame): Promise<void> {
    return this.send(peer, { kind: 'disconnect' });
  }

  /** HEARTBEAT to all peers every `ms` until the returned function is called or `close()`. */
  heartbeatAllEvery(ms: number): () => void {
    return this.socket.every(ms, () =>
      Promise.all([...this.clients, ...this.workers].map((peer) => this.heartbeatTo(peer))),
    );
  }

  /** Stops listening and drops all connections without DISCONNECT: to the peers that is a crash. */
  async close(): Promise<void> {
    await this.socket.close();
    await untilFree(this.endpoint);
  }

  #standing(half: 'client' | 'worker'): PackedSessionAtBroker[] {
    return [...this.#sessions.values()].filter((session) => session.half === half && session.standing);
  }

  #arrived(peer: Buffer, frames: Buffer[]): void {
    try {
      const opening = frames[0]?.length === 0;
      const message = opening ? frames.slice(1) : frames;
      const isWorker = message[0]?.subarray(0, 6).toString('latin1') === packedHeader('worker-to-broker');
      this.#take(peer, message, isWorker ? 'worker-to-broker' : 'client-to-broker', opening);
    } catch (error) {
      this.violations.push((error as Error).message);
    }
  }

  #take(peer: Buffer, message: Buffer[], direction: PackedDirection, opening: boolean): void {
    let session = this.#sessions.get(keyOf(peer));
    const commands = decodePacked(direction, message, session?.services);
    const [first, ...rest] = commands;
    const begins = first?.kind === 'hello' || first?.kind === 'ready';
    if (opening !== begins)
      throw new Error(`${opening ? 'an' : 'no'} empty frame before ${first?.kind ?? 'nothing'}`);
    if (begins && !session?.standing) {
      session = new PackedSessionAtBroker(peer, first);
      this.#sessions.set(keyOf(peer), session);
      this.#deliver(session, first);
      if (this.#welcome) this.#answer(this.welcomeTo(peer, this.#welcome));
    } else rest.unshift(...(first ? [first] : []));
    for (const command of rest) {
      if (!session) throw new Error(`${command.kind.toUpperCase()} of ${hex([peer])}, which has no session`);
      session.received(command);
      this.#deliver(session, command);
    }
  }

  #deliver({ half, peer }: PackedSessionAtBroker, command: PackedCommand): void {
    if (command.kind === 'heartbeat') this.heartbeats += 1;
    if (command.kind !== 'service')
      (half === 'client' ? this.#fromClients : this.#fromWorkers).push({ peer, command });
  }

  #answer(sent: Promise<void>): void {
    sent.catch((error: unknown) => {
      if (!this.socket.closed) this.violations.push(`could not send: ${String(error)}`);
    });
  }
}

function next(
  mailbox: Mailbox<PackedFrom>,
  what: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, skipHeartbeats = false }: NextFromWorkerOptions,
): Promise<PackedFrom> {
  const match = ({ command }: PackedFrom): boolean => !skipHeartbeats || command.kind !== 'heartbeat';
  return mailbox.take(what, timeoutMs, match, true);
}

function reply(kind: PackedReply['kind'], id: number, body: readonly Frame[]): PackedReply {
  return { kind, id, metadata: Buffer.alloc(0), body: body.map((frame) => Buffer.from(frame)) };
}
