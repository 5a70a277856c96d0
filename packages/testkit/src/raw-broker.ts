import { AutoRouter } from './auto-router';
import { eventually } from './eventually';
import { FrameReader } from './frame-reader';
import { hex, type Frame } from './hex';
import { Mailbox } from './mailbox';
import { DEFAULT_TIMEOUT_MS, RawSocket, type RawSocketOptions } from './raw-socket';
import { WorkerTable } from './worker-table';
import { FREE_WITHIN_MS, untilFree } from './until-free';

/** How a raw broker listens. */
export interface RawBrokerOptions extends Omit<RawSocketOptions, 'onMessage' | 'routingId'> {
  /** Endpoint to bind. Default: `tcp://127.0.0.1:0`. Give the endpoint of a closed broker to restart it. */
  endpoint?: string;
}

/** A REQUEST that a client sent. */
export interface ClientRequest {
  /** Identity of the client, for `replyTo`. */
  client: Buffer;
  service: string;
  /** At least one frame. */
  body: Buffer[];
}

/** A command that a worker sent; `reply` is of RFC 7, `partial` and `final` of RFC 18. */
export interface WorkerCommand {
  /** Identity of the worker, for `sendRequest`. */
  worker: Buffer;
  command: 'ready' | 'heartbeat' | 'disconnect' | 'reply' | 'partial' | 'final';
  /** Of `ready` only. */
  service?: string;
  /** The client address frame; of `reply`, `partial` and `final` only. */
  address?: Buffer;
  /** At least one frame; of `reply`, `partial` and `final` only. */
  body?: Buffer[];
}

/** What `nextFromWorker` waits for. */
export interface NextFromWorkerOptions {
  /** Default: 2000. */
  timeoutMs?: number;
  /** Consume HEARTBEATs silently. Default: false. */
  skipHeartbeats?: boolean;
}

/** What raw brokers of both dialects can do; all of it only on command, nothing by itself. */
export interface RawBroker {
  /** Where clients and workers connect. */
  readonly endpoint: string;
  /** For malformed messages; a ROUTER, so the first frame sent is the peer's identity. */
  readonly socket: RawSocket;
  /** Everything that arrived and broke the layout or the order of commands of the RFC. Such messages go no further. */
  readonly violations: string[];
  /** Identities of the workers registered by READY and not disconnected since, in either direction. */
  readonly workers: Buffer[];
  /** HEARTBEATs that arrived so far from all workers. */
  readonly heartbeats: number;
  nextClientRequest(timeoutMs?: number): Promise<ClientRequest>;
  nextFromWorker(options?: NextFromWorkerOptions): Promise<WorkerCommand>;
  /** Throws when a client request is there or arrives within `ms`. */
  expectNoClientRequest(ms: number): Promise<void>;
  /** The last or only answer: REPLY (RFC 7) or FINAL (RFC 18). */
  finalTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void>;
  /** The same as `finalTo`. */
  replyTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void>;
  /** REQUEST to a worker; `address` is what the worker must echo. */
  sendRequest(worker: Frame, address: Frame, ...body: Frame[]): Promise<void>;
  heartbeatTo(worker: Frame): Promise<void>;
  /** DISCONNECT to a worker. */
  disconnect(worker: Frame): Promise<void>;
  /**
   * HEARTBEAT to all registered workers every `ms` until the returned function is called or `close()`;
   * with `idleOnly` not to those that have a request in hand, as the brokers of the zguide do.
   */
  heartbeatAllEvery(ms: number, options?: { idleOnly?: boolean }): () => void;
  /**
   * From now on, and for what waits in the queues, a small working broker: requests queue per service and go
   * to the worker that has waited longest. Nothing is left for `nextClientRequest` and `nextFromWorker`. It
   * neither heartbeats nor expires by itself.
   */
  autoRoute(): void;
  /** Stops listening and drops all connections without DISCONNECT: to the peers that is a crash. */
  close(): Promise<void>;
}

abstract class BaseBroker {
  readonly socket: RawSocket;
  readonly violations: string[] = [];
  endpoint = '';
  heartbeats = 0;
  protected readonly table = new WorkerTable();
  readonly #requests: Mailbox<ClientRequest>;
  readonly #commands: Mailbox<WorkerCommand>;
  #router: AutoRouter | undefined;

  constructor(name: string, options: RawSocketOptions) {
    this.#requests = new Mailbox(name, ({ service, body }) => `REQUEST '${service}' ${hex(body)}`);
    this.#commands = new Mailbox(name, ({ command, body }) => `${command.toUpperCase()} ${hex(body ?? [])}`);
    const onMessage = ([identity, ...frames]: Buffer[]): void => this.#arrived(identity as Buffer, frames);
    this.socket = new RawSocket('router', { name, ...options, onMessage });
    this.socket.onClose(() => {
      this.#requests.close('the broker was closed');
      this.#commands.close('the broker was closed');
    });
  }

  /** Throws when the frames, without the identity, are no command of the RFC to a broker. */
  protected abstract parse(identity: Buffer, frames: Buffer[]): ClientRequest | WorkerCommand;
  protected abstract sendToWorker(worker: Frame, command: WorkerBound, rest: Frame[]): Promise<void>;
  abstract finalTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void>;
  protected abstract answer(kind: 'partial' | 'final', request: ClientRequest, body: Buffer[]): Promise<void>;

  get workers(): Buffer[] {
    return this.table.all();
  }

  nextClientRequest(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<ClientRequest> {
    return this.#requests.take('client REQUEST', timeoutMs);
  }

  nextFromWorker(options: NextFromWorkerOptions = {}): Promise<WorkerCommand> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, skipHeartbeats = false } = options;
    const match = (item: WorkerCommand): boolean => !skipHeartbeats || item.command !== 'heartbeat';
    return this.#commands.take('worker command', timeoutMs, match, true);
  }

  expectNoClientRequest(ms: number): Promise<void> {
    return this.#requests.quiet('client REQUEST', ms);
  }

  replyTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void> {
    return this.finalTo(client, service, ...body);
  }

  sendRequest(worker: Frame, address: Frame, ...body: Frame[]): Promise<void> {
    this.table.requested(worker, address);
    return this.sendToWorker(worker, 'request', [address, '', ...body]);
  }

  heartbeatTo(worker: Frame): Promise<void> {
    return this.sendToWorker(worker, 'heartbeat', []);
  }

  disconnect(worker: Frame): Promise<void> {
    this.table.remove(worker);
    return this.sendToWorker(worker, 'disconnect', []);
  }

  heartbeatAllEvery(ms: number, { idleOnly = false }: { idleOnly?: boolean } = {}): () => void {
    return this.socket.every(ms, () => {
      const workers = idleOnly ? this.table.idle() : this.table.all();
      return Promise.all(workers.map((worker) => this.heartbeatTo(worker)));
    });
  }

  autoRoute(): void {
    this.#router ??= new AutoRouter({
      sendRequest: (worker, address, body) => this.#routed(this.sendRequest(worker, address, ...body)),
      answer: (kind, request, body) => this.#routed(this.answer(kind, request, body)),
      disconnect: (worker) => this.#routed(this.disconnect(worker)),
    });
    for (const command of this.#commands.drain()) this.#router.command(command);
    for (const request of this.#requests.drain()) this.#router.request(request);
  }

  async close(): Promise<void> {
    await this.socket.close();
    await untilFree(this.endpoint);
  }

  protected async bind(endpoint: string): Promise<this> {
    try {
      // The port of a broker just closed is free only after ZeroMQ's own thread has closed it.
      this.endpoint = await eventually(() => this.socket.bind(endpoint), {
        what: `${endpoint} to be free`,
        timeoutMs: FREE_WITHIN_MS,
      });
    } catch (error) {
      await this.socket.close();
      throw error;
    }
    return this;
  }

  /** Nobody awaits what the router sends, so a failure is kept with the violations, unless it comes of closing. */
  #routed(sent: Promise<void>): void {
    sent.catch((error: unknown) => {
      if (!this.socket.closed) this.violations.push(`could not send: ${String(error)}`);
    });
  }

  #arrived(identity: Buffer, frames: Buffer[]): void {
    let item: ClientRequest | WorkerCommand;
    try {
      item = this.parse(identity, frames);
      if ('worker' in item) this.table.received(item);
    } catch (error) {
      this.violations.push((error as Error).message);
      return;
    }
    if ('client' in item) {
      if (this.#router === undefined) this.#requests.push(item);
      else this.#router.request(item);
      return;
    }
    if (item.command === 'heartbeat') this.heartbeats += 1;
    if (this.#router === undefined) this.#commands.push(item);
    else this.#router.command(item);
  }
}

/** Commands from a broker to a worker. */
type WorkerBound = 'request' | 'heartbeat' | 'disconnect';

/** A broker of RFC 7 for testing clients and workers against. */
export class RawBroker01 extends BaseBroker implements RawBroker {
  /** Binds, waiting up to 5 s for the endpoint to be free. */
  static listen({ endpoint = 'tcp://127.0.0.1:0', ...options }: RawBrokerOptions = {}): Promise<RawBroker01> {
    return new RawBroker01('RawBroker01', options).bind(endpoint);
  }

  /** `"" MDPC01 service body…` */
  finalTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send(client, '', 'MDPC01', service, ...body);
  }

  /** RFC 7 has no PARTIAL, and `parse` lets none in: all is `final`. */
  protected answer(_kind: 'partial' | 'final', request: ClientRequest, body: Buffer[]): Promise<void> {
    return this.finalTo(request.client, request.service, ...body);
  }

  protected sendToWorker(worker: Frame, command: WorkerBound, rest: Frame[]): Promise<void> {
    const byte = { request: '\x02', heartbeat: '\x04', disconnect: '\x05' }[command];
    return this.socket.send(worker, '', 'MDPW01', byte, ...rest);
  }

  protected parse(identity: Buffer, frames: Buffer[]): ClientRequest | WorkerCommand {
    if (frames[1]?.toString() === 'MDPC01') {
      const reader = new FrameReader('RFC 7 client to broker', frames).empty().literal('MDPC01');
      return { client: identity, service: reader.service(), body: reader.body() };
    }
    const reader = new FrameReader('RFC 7 worker to broker', frames).empty().literal('MDPW01');
    const names = { 1: 'ready', 3: 'reply', 4: 'heartbeat', 5: 'disconnect' } as const;
    return readWorkerCommand(reader, reader.command(names), identity);
  }
}

/** How a raw broker of RFC 18 listens. */
export interface RawBroker02Options extends RawBrokerOptions {
  /** Take requests with an empty frame in front, from REQ clients, and answer in kind. Default: false, a violation. */
  acceptReq?: boolean;
}

/** A broker of RFC 18 for testing clients and workers against. */
export class RawBroker02 extends BaseBroker implements RawBroker {
  /** Clients known to use REQ, by identity in hex. */
  readonly #reqClients = new Set<string>();
  readonly #acceptReq: boolean;

  /** Binds, waiting up to 5 s for the endpoint to be free. */
  static listen({
    endpoint = 'tcp://127.0.0.1:0',
    ...options
  }: RawBroker02Options = {}): Promise<RawBroker02> {
    return new RawBroker02('RawBroker02', options).bind(endpoint);
  }

  constructor(name: string, { acceptReq = false, ...options }: RawBroker02Options) {
    super(name, options);
    this.#acceptReq = acceptReq;
  }

  /** `MDPC02 02 service body…` */
  partialTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send(client, ...this.#prefix(client), 'MDPC02', '\x02', service, ...body);
  }

  /** `MDPC02 03 service body…` */
  finalTo(client: Frame, service: Frame, ...body: Frame[]): Promise<void> {
    return this.socket.send(client, ...this.#prefix(client), 'MDPC02', '\x03', service, ...body);
  }

  protected answer(kind: 'partial' | 'final', request: ClientRequest, body: Buffer[]): Promise<void> {
    const { client, service } = request;
    return kind === 'partial'
      ? this.partialTo(client, service, ...body)
      : this.finalTo(client, service, ...body);
  }

  protected sendToWorker(worker: Frame, command: WorkerBound, rest: Frame[]): Promise<void> {
    const byte = { request: '\x02', heartbeat: '\x05', disconnect: '\x06' }[command];
    return this.socket.send(worker, 'MDPW02', byte, ...rest);
  }

  protected parse(identity: Buffer, frames: Buffer[]): ClientRequest | WorkerCommand {
    if (this.#acceptReq && frames[0]?.length === 0 && frames[1]?.toString() === 'MDPC02') {
      this.#reqClients.add(identity.toString('hex'));
      frames = frames.slice(1);
    }
    if (frames[0]?.toString() === 'MDPC02') {
      const reader = new FrameReader('RFC 18 client to broker', frames).literal('MDPC02');
      reader.command({ 1: 'request' });
      return { client: identity, service: reader.service(), body: reader.body() };
    }
    const reader = new FrameReader('RFC 18 worker to broker', frames).literal('MDPW02');
    const names = { 1: 'ready', 3: 'partial', 4: 'final', 5: 'heartbeat', 6: 'disconnect' } as const;
    return readWorkerCommand(reader, reader.command(names), identity);
  }

  #prefix(client: Frame): Frame[] {
    return this.#reqClients.has(Buffer.from(client).toString('hex')) ? [''] : [];
  }
}

function readWorkerCommand(
  reader: FrameReader,
  command: WorkerCommand['command'],
  worker: Buffer,
): WorkerCommand {
  if (command === 'reply' || command === 'partial' || command === 'final') {
    return { worker, command, address: reader.address(), body: reader.body() };
  }
  const item: WorkerCommand =
    command === 'ready' ? { worker, command, service: reader.service() } : { worker, command };
  reader.end();
  return item;
}
