import * as protocol from '@majordomo/protocol';
import {
  Body,
  decodeAtBroker,
  DEFAULT_LIMITS,
  DISCONNECT,
  HEARTBEAT,
  NO_METADATA,
  packedClientAtBroker,
  packedHalf,
  packedWorkerAtBroker,
  REVISION,
  type ClientToBroker,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { Router } from 'zeromq';
import { plainChannel } from './channels';
import { commandOf, type Command } from './commands';
import { hostileContext } from './hostile-peer';
import type { Direction, Frames, Tongue } from './message';
import { mutated } from './mutate';
import { Rng } from './rng';
import { newSender } from './seeds';

/** Messages that one message is answered with at the most; each further one is half as likely. */
const ANSWERS_MAX = 12;
/** Of the answers, those that are as they should be, and those that are well-formed and out of place: one in so many. */
const RIGHT = 3;
const OUT_OF_PLACE = 4;

/** Bytes of a frame that ZeroMQ lets in at a client or worker with default limits are more than we send. */
const FRAMES_MAX = 1_200;

/** Peers that are remembered; of others it is not known any more what they said before. */
const VICTIMS_MAX = 256;

type Heard = ClientToBroker | WorkerToBroker;

/** One client or worker, as a broker that means it no good knows it. */
class Victim {
  readonly #client = packedClientAtBroker();
  readonly #worker = packedWorkerAtBroker();
  #direction: Direction = 'broker-to-client';
  #tongue: Tongue = 'mdp/0.2';
  #lastRef = 0;
  #last: Frames = [Buffer.alloc(0)];

  constructor(private readonly rng: Rng) {}

  /** What it is told for something that it said. */
  answersTo(frames: Frames): Frames[] {
    const heard = this.#listen(frames);
    const answers: Frames[] = heard.flatMap((command) => this.#right(command));
    for (let more = this.rng.few(ANSWERS_MAX); more > 0; more--) answers.push(this.#wrong(answers));
    return answers.filter(({ length }) => length > 0 && length <= FRAMES_MAX);
  }

  #listen(frames: Frames): readonly Heard[] {
    const half = packedHalf(frames);
    if (!half) return this.#listenPlain(frames);
    this.#tongue = 'packed';
    this.#direction = half === 'client' ? 'broker-to-client' : 'broker-to-worker';
    const message = frames[0]?.length === 0 ? frames.slice(1) : frames;
    const decoded = (half === 'client' ? this.#client : this.#worker).decode(message, DEFAULT_LIMITS);
    return decoded.ok ? decoded.command : [];
  }

  #listenPlain(frames: Frames): readonly Heard[] {
    const decoded = decodeAtBroker(frames);
    if (!decoded.ok) return [];
    const { half, dialect, command } = decoded.command;
    this.#tongue = dialect.name === 'mdp/0.1' ? 'mdp/0.1' : 'mdp/0.2';
    this.#direction = half === 'client' ? 'broker-to-client' : 'broker-to-worker';
    return [command];
  }

  /** What a broker should answer, most of the time. */
  #right(heard: Heard): Frames[] {
    const { rng } = this;
    const packed = this.#tongue === 'packed';
    switch (heard.kind) {
      case 'hello':
      case 'ready':
        if (rng.oneIn(10)) return [];
        if (packed) return [this.#encode(welcome), ...(heard.kind === 'ready' ? [this.#work()] : [])];
        return [this.#work()];
      case 'request': {
        const { id, body } = heard;
        const service = packed ? '' : heard.service;
        const reply = { id, service, body, metadata: NO_METADATA };
        if (rng.oneIn(3)) return [];
        const partials = Array.from({ length: rng.below(3) }, () =>
          this.#encode({ kind: 'partial', ...reply }),
        );
        return [...partials, this.#encode({ kind: 'final', ...reply })];
      }
      case 'heartbeat':
        // The question of a peer that does not know yet what is spoken here.
        return packed ? [this.#encode(HEARTBEAT)] : [this.#encode(rng.oneIn(2) ? DISCONNECT : HEARTBEAT)];
      case 'final':
      case 'failure':
        return [this.#work(), ...(rng.oneIn(3) ? [this.#work()] : [])];
      case 'partial':
      case 'credit':
      case 'cancel':
      case 'window':
      case 'draining':
      case 'disconnect':
        return [];
    }
  }

  /** A request for a worker. */
  #work(): Frames {
    const packed = this.#tongue === 'packed';
    const ref = packed ? ++this.#lastRef : `ref ${++this.#lastRef}`;
    const asked = { remainingMs: 0, window: 2, priority: 4, attempt: 1, metadata: NO_METADATA };
    return this.#encode({ kind: 'request', ref, body: Body.of('work'), ...asked });
  }

  /** What no broker should say: something out of place, or with mistakes in it. */
  #wrong(answers: readonly Frames[]): Frames {
    const { rng } = this;
    if (answers.length > 0 && rng.oneIn(RIGHT)) return rng.pick(answers);
    const packed = this.#tongue === 'packed';
    let frames: Frames = [];
    while (frames.length === 0) frames = this.#encode(commandOf(rng, this.#direction, packed));
    if (rng.oneIn(OUT_OF_PLACE)) return frames;
    const changed = mutated(rng, this.#tongue, frames, this.#last);
    this.#last = frames;
    return changed;
  }

  /** The frames of a command; none where the dialect has no words for it. */
  #encode(command: Command): Frames {
    if (this.#tongue !== 'packed') {
      const channel = plainChannel(protocol, this.#tongue, this.#direction);
      return (channel.encode(command) ?? []).map((frame) => Buffer.from(frame));
    }
    const sender = newSender(this.#direction);
    sender.add(command);
    return sender.take().map((frame) => Buffer.from(frame));
  }
}

const welcome = {
  kind: 'welcome',
  revision: REVISION,
  heartbeatMs: 1_000,
  capabilities: 0,
  metadata: NO_METADATA,
  internedMax: 4,
  framesMax: 1_024,
  frameBytesMax: 65_536,
  messageBytesMax: 262_144,
} as const satisfies Command;

/** A broker that answers everything, rightly at times, and with what it should not say most of the time. */
export class HostileBroker {
  /** Messages that were taken for a peer that was there. */
  messages = 0;
  bytes = 0;
  /** Connections that said something. */
  connections = 0;
  endpoint = '';
  readonly #victims = new Map<string, Victim>();
  readonly #router = new Router({
    context: hostileContext,
    mandatory: true,
    sendTimeout: 0,
    linger: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
  });
  #ended: Promise<void> = Promise.resolve();

  constructor(private readonly seed: number) {}

  async start(): Promise<void> {
    await this.#router.bind('tcp://127.0.0.1:0');
    this.endpoint = this.#router.lastEndpoint ?? '';
    this.#ended = this.#serve();
  }

  async #serve(): Promise<void> {
    while (!this.#router.closed) {
      let frames: Buffer[];
      try {
        frames = await this.#router.receive();
      } catch (error) {
        if (this.#router.closed) return;
        throw error;
      }
      const [id = Buffer.alloc(0), ...message] = frames;
      for (const answer of this.#victim(id).answersTo(message)) await this.#send(id, answer);
    }
  }

  #victim(id: Buffer): Victim {
    const key = id.toString('latin1');
    let victim = this.#victims.get(key);
    if (!victim) {
      victim = new Victim(new Rng(this.seed, 2 ** 42 + this.connections++));
      this.#victims.set(key, victim);
      const [oldest = key] = this.#victims.keys();
      if (this.#victims.size > VICTIMS_MAX) this.#victims.delete(oldest);
    }
    return victim;
  }

  async #send(id: Buffer, frames: Frames): Promise<void> {
    if (this.#router.closed) return;
    try {
      await this.#router.send([id, ...frames]);
      this.messages++;
      for (const frame of frames) this.bytes += frame.length;
    } catch {
      // It has hung up on us, as it should.
      this.#victims.delete(id.toString('latin1'));
    }
  }

  async close(): Promise<void> {
    this.#router.close();
    await this.#ended;
  }
}
