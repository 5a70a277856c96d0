import {
  DEFAULT_LIMITS,
  NO_METADATA,
  packedClientAtBroker,
  packedHalf,
  REVISION,
  type Body,
  type BrokerToClient,
  type ClientToBroker,
  type Metadata,
  type PackedClientAtBroker,
  type Welcome,
} from '@majordomo/protocol';
import { eventually, RawSocket } from '@majordomo/testkit';

/** How a packed broker behaves. */
export interface PackedBrokerOptions {
  /** Default: a free port. Give that of a closed one to restart it. */
  readonly endpoint?: string;
  /** What its WELCOME states. */
  readonly welcome?: Partial<Welcome>;
  /** `false` makes one that does not answer HELLO. Default true. */
  readonly greets?: boolean;
  /** `false` makes one that never says HEARTBEAT. Default true. */
  readonly heartbeats?: boolean;
}

/** What a client said, and who it was. */
export interface Said<Kind extends ClientToBroker['kind']> {
  readonly client: Buffer;
  readonly command: Extract<ClientToBroker, { kind: Kind }>;
}

/** A broker of packed clients for tests: it greets, and does all else on command only. */
export class PackedBroker {
  readonly socket = new RawSocket('router', { onMessage: ([id, ...frames]) => this.#message(id!, frames) });
  /** What was said and not yet asked for, oldest first. */
  readonly said: Said<ClientToBroker['kind']>[] = [];
  /** Messages that came, by how many records each. */
  readonly batches: number[] = [];
  /** What could not be understood. */
  readonly violations: string[] = [];
  endpoint = '';
  readonly #sessions = new Map<string, PackedClientAtBroker>();
  #answer: ((command: Said<'request'>['command']) => BrokerToClient[]) | undefined;

  static async listen(options: PackedBrokerOptions = {}): Promise<PackedBroker> {
    const broker = new PackedBroker(options);
    const { endpoint = 'tcp://127.0.0.1:0' } = options;
    broker.endpoint = await eventually(() => broker.socket.bind(endpoint), {
      what: `${endpoint} to be free`,
    });
    return broker;
  }

  private constructor(private readonly options: PackedBrokerOptions) {
    const { heartbeatMs = 500 } = options.welcome ?? {};
    if ((options.heartbeats ?? true) && (options.greets ?? true)) {
      this.socket.every(heartbeatMs / 2, () =>
        Promise.all([...this.#sessions.keys()].map((key) => this.#send(key, [{ kind: 'heartbeat' }]))),
      );
    }
  }

  /** Sessions that have said HELLO and not DISCONNECT. */
  get sessions(): number {
    return this.#sessions.size;
  }

  #message(client: Buffer, frames: Buffer[]): void {
    const key = client.toString('hex');
    if (packedHalf(frames) !== 'client') {
      this.violations.push(`not packed: ${frames.map(String).join('|')}`);
      return;
    }
    const begins = frames[0]?.length === 0;
    if (begins === this.#sessions.has(key)) this.violations.push('an opening out of place');
    const session = this.#sessions.get(key) ?? packedClientAtBroker();
    this.#sessions.set(key, session);
    const decoded = session.decode(begins ? frames.slice(1) : frames, DEFAULT_LIMITS);
    if (!decoded.ok) {
      this.violations.push(decoded.rejection.detail);
      return;
    }
    this.batches.push(decoded.command.length);
    for (const command of decoded.command) this.#command(client, key, command);
  }

  #command(client: Buffer, key: string, command: ClientToBroker): void {
    if (command.kind === 'hello' && (this.options.greets ?? true)) void this.greet(client);
    if (command.kind === 'disconnect') this.#sessions.delete(key);
    if (command.kind === 'request' && this.#answer) void this.#send(key, this.#answer(command));
    else if (command.kind !== 'heartbeat') this.said.push({ client, command });
  }

  /** WELCOME. */
  greet(client: Buffer): Promise<void> {
    return this.send(client, {
      kind: 'welcome',
      revision: REVISION,
      heartbeatMs: 500,
      capabilities: 0,
      metadata: NO_METADATA,
      internedMax: 100,
      ...DEFAULT_LIMITS,
      ...this.options.welcome,
    });
  }

  async #send(key: string, commands: readonly BrokerToClient[]): Promise<void> {
    const session = this.#sessions.get(key);
    if (!session || this.socket.closed) return;
    for (const command of commands) session.add(command);
    if (!session.empty) await this.socket.send(Buffer.from(key, 'hex'), ...session.take());
  }

  /** Says it all in one message. */
  send(client: Buffer, ...commands: BrokerToClient[]): Promise<void> {
    return this.#send(client.toString('hex'), commands);
  }

  /** The next command of a kind; others stay. */
  next<Kind extends ClientToBroker['kind']>(kind: Kind): Promise<Said<Kind>> {
    return eventually(
      () => {
        const at = this.said.findIndex(({ command }) => command.kind === kind);
        return at >= 0 && (this.said.splice(at, 1)[0] as unknown as Said<Kind>);
      },
      { what: `a ${kind} of a client` },
    ) as Promise<Said<Kind>>;
  }

  /** From now on every request is answered with its own body, or as `answer` has it. */
  answerAll(
    answer: (command: Said<'request'>['command']) => BrokerToClient[] = ({ id, body }) => [final(id, body)],
  ): this {
    this.#answer = answer;
    return this;
  }

  /** To its clients a crash. */
  async close(): Promise<void> {
    if (!this.socket.closed) await this.socket.zmq.unbind(this.endpoint).catch(() => undefined);
    await this.socket.close();
  }
}

export const final = (id: number, body: Body, metadata: Metadata = NO_METADATA): BrokerToClient => ({
  kind: 'final',
  id,
  service: '',
  body,
  metadata,
});

export const partial = (id: number, body: Body, metadata: Metadata = NO_METADATA): BrokerToClient => ({
  kind: 'partial',
  id,
  service: '',
  body,
  metadata,
});
