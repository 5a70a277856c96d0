import {
  DEFAULT_LIMITS,
  DISCONNECT,
  DRAINING,
  HEARTBEAT,
  packedWorkerAtBroker,
  type BrokerToWorker,
  type PackedWorkerAtBroker,
  type WorkerRequest,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { eventually, RawSocket } from '@majordomo/testkit';
import { bodyOf, shown } from './fake-effects';
import { packedRequest, welcome } from './fake-packed-effects';

/** What a worker said. */
export type Said<Kind extends WorkerToBroker['kind'] = WorkerToBroker['kind']> = {
  readonly worker: string;
} & Extract<WorkerToBroker, { kind: Kind }>;

/** How a fake broker behaves by itself. */
export interface PackedBrokerOptions {
  readonly endpoint?: string;
  /** Says WELCOME to READY. Default: true. */
  readonly welcomes?: boolean;
  /** What WELCOME states, and the interval at which workers are sent HEARTBEAT. Default: 50 ms. */
  readonly heartbeatMs?: number;
  /** Sends HEARTBEAT at all. Default: true. */
  readonly beats?: boolean;
  /** Answers DRAINING. Default: true. */
  readonly confirmsDraining?: boolean;
}

const brokers: PackedBroker[] = [];

/** Closes all of them, as a crash would. */
export async function closePackedBrokers(): Promise<void> {
  await Promise.all(brokers.splice(0).map((broker) => broker.crash()));
}

/** A broker for packed workers that does next to nothing by itself: it says what a test has it say. */
export class PackedBroker {
  endpoint = '';
  /** Messages that arrived, HEARTBEATs among them. */
  messages = 0;
  heartbeats = 0;
  /** What arrived and was not taken. */
  readonly refused: string[] = [];
  /** Who registered in MDP/0.2. */
  readonly strangers: string[] = [];
  readonly #options: PackedBrokerOptions;
  readonly #socket: RawSocket;
  readonly #sessions = new Map<string, PackedWorkerAtBroker>();
  readonly #said: Said[] = [];

  static async listen(options: PackedBrokerOptions = {}): Promise<PackedBroker> {
    const broker = new PackedBroker(options);
    brokers.push(broker);
    const { endpoint = 'tcp://127.0.0.1:0', heartbeatMs = 50, beats = true } = options;
    broker.endpoint = await eventually(() => broker.#socket.bind(endpoint), {
      what: `${endpoint} to be free`,
    });
    if (beats) broker.#socket.every(heartbeatMs, () => broker.#beat());
    return broker;
  }

  private constructor(options: PackedBrokerOptions) {
    this.#options = options;
    this.#socket = new RawSocket('router', {
      onMessage: ([identity, ...frames]) => this.#arrived(String(identity?.toString('latin1')), frames),
    });
  }

  async #beat(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((worker) => this.say(worker, HEARTBEAT)));
  }

  #arrived(worker: string, frames: Buffer[]): void {
    this.messages++;
    const opens = frames[0]?.length === 0;
    let session = this.#sessions.get(worker);
    if (opens || !session) this.#sessions.set(worker, (session = packedWorkerAtBroker()));
    const decoded = session.decode(opens ? frames.slice(1) : frames, DEFAULT_LIMITS);
    if (!decoded.ok) {
      this.#sessions.delete(worker);
      this.refused.push(decoded.rejection.reason);
      if (String(frames[0]) === 'MDPW02' && frames[1]?.[0] === 1) this.strangers.push(worker);
      return;
    }
    for (const command of decoded.command) this.#heard(worker, command);
  }

  #heard(worker: string, command: WorkerToBroker): void {
    const { welcomes = true, heartbeatMs = 50, confirmsDraining = true } = this.#options;
    if (command.kind === 'heartbeat') this.heartbeats++;
    else this.#said.push({ worker, ...command });
    if (command.kind === 'ready' && welcomes) void this.say(worker, welcome({ heartbeatMs }));
    if (command.kind === 'draining' && confirmsDraining) void this.say(worker, DRAINING);
    if (command.kind === 'disconnect') this.#sessions.delete(worker);
  }

  /** Sends commands in one message. */
  async say(worker: string, ...commands: BrokerToWorker[]): Promise<void> {
    const session = this.#sessions.get(worker);
    if (!session) return;
    for (const command of commands) session.add(command);
    await this.sendRaw(worker, ...session.take());
    if (commands.includes(DISCONNECT)) this.#sessions.delete(worker);
  }

  /** Sends whatever frames. */
  async sendRaw(worker: string, ...frames: (string | Uint8Array)[]): Promise<void> {
    await this.#socket.send(Buffer.from(worker, 'latin1'), ...frames);
  }

  /** Sends a REQUEST with a body of one text. */
  async request(worker: string, ref: number, text: string, more: Partial<WorkerRequest> = {}): Promise<void> {
    await this.say(worker, packedRequest(ref, { body: bodyOf(text), ...more }));
  }

  /** The next command of a worker that is no HEARTBEAT, which must be of this kind. */
  async next<Kind extends WorkerToBroker['kind']>(kind: Kind): Promise<Said<Kind>> {
    await eventually(() => this.#said.length > 0, { what: `${kind} of a worker` });
    const said = this.#said.shift();
    expect(said).toMatchObject({ kind });
    return said as Said<Kind>;
  }

  /** Commands that nobody has asked for yet. */
  get left(): readonly Said[] {
    return this.#said;
  }

  /** Waits for READY; the worker. */
  async ready(): Promise<string> {
    return (await this.next('ready')).worker;
  }

  /** The final reply to a request, as text. */
  async reply(ref: number): Promise<string> {
    const said = await this.next('final');
    expect(said.ref).toBe(ref);
    return shown(said.body);
  }

  /** Ends without a word, the connections with it. */
  async crash(): Promise<void> {
    if (!this.#socket.closed) await this.#socket.close();
  }
}
