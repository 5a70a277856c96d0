import {
  Body,
  decodeText,
  DEFAULT_LIMITS,
  encodeText,
  mdp01,
  mdp02,
  NO_METADATA,
  packedWorker,
  type BrokerToWorker,
  type Decoded,
  type Ref,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { setImmediate } from 'node:timers/promises';
import { Context, Dealer } from 'zeromq';
import type { Conversation } from './conversations';
import type { Ledger } from './ledger';
import type { Frames } from './message';
import { mutated } from './mutate';
import { Rng } from './rng';

/** The context of all hostile sockets, apart from those that are under test. */
export const hostileContext = new Context();
hostileContext.blocky = false;
hostileContext.maxSockets = hostileContext.maxSocketsLimit;

/** How long a broker may take to get to the end of a conversation, in ms. */
const ANSWER_MS = 60_000;
/** Messages sent in one turn of the loop, which is that of the well-behaved peers as well. */
const BURST = 4;
/** Work that waits to be answered at the most; what comes beyond it is never answered. */
const WORK_MAX = 64;

const REPLY_HEADER = 'MDPC02';

/** A worker's half of a conversation: what it is given to do, and the answers, half of them changed. */
class Work {
  readonly #session = packedWorker();
  readonly #answers: Frames[] = [];

  constructor(
    private readonly conversation: Conversation,
    private readonly rng: Rng,
  ) {}

  /** The next answer to be sent, if there is one. */
  next(): Frames | undefined {
    return this.#answers.shift();
  }

  heard(frames: Frames): void {
    if (this.#answers.length >= WORK_MAX) return;
    for (const command of this.#read(frames)) {
      if (command.kind === 'request') this.#answer(command.ref, command.body.frames);
    }
  }

  #read(frames: Frames): readonly BrokerToWorker[] {
    if (this.conversation.tongue === 'packed') {
      const decoded = this.#session.decode(frames, DEFAULT_LIMITS);
      return decoded.ok ? decoded.command : [];
    }
    const { brokerToWorker } = this.conversation.tongue === 'mdp/0.1' ? mdp01 : mdp02;
    const decoded: Decoded<BrokerToWorker> = brokerToWorker.decode(frames);
    return decoded.ok ? [decoded.command] : [];
  }

  #answer(ref: Ref, body: readonly Uint8Array[]): void {
    const { rng } = this;
    if (rng.oneIn(8)) return;
    const kind = rng.oneIn(4) ? 'partial' : 'final';
    const reply: WorkerToBroker = { kind, ref, body: Body.of(body), metadata: NO_METADATA };
    const frames = this.#encode(reply);
    const answer = rng.oneIn(2) ? mutated(rng, this.conversation.tongue, frames, frames) : frames;
    this.#answers.push(answer);
    if (rng.oneIn(8)) this.#answers.push(answer);
  }

  #encode(reply: WorkerToBroker): Frames {
    const { tongue } = this.conversation;
    if (tongue === 'packed') {
      this.#session.add(reply);
      return this.#session.take().map((frame) => Buffer.from(frame));
    }
    const { workerToBroker } = tongue === 'mdp/0.1' ? mdp01 : mdp02;
    return (workerToBroker.encode(reply) ?? []).map((frame) => Buffer.from(frame));
  }
}

/**
 * Says the messages of a conversation to a broker on a connection of its own, answers work that it is given, waits until
 * the broker has heard all of it, and leaves.
 * @param signal - to leave at once
 * @throws where the broker does not get to the end of it
 */
export async function converse(
  endpoint: string,
  conversation: Conversation,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  const socket = new Dealer({
    context: hostileContext,
    linger: 0,
    sendHighWaterMark: 200,
    receiveHighWaterMark: 0,
  });
  const work = new Work(conversation, new Rng(conversation.number, 1));
  const end = `mmi.end-${conversation.number}`;
  const heardAll = readUntil(socket, end, work);
  heardAll.catch(() => undefined);
  const leave = (): void => socket.close();
  signal.addEventListener('abort', leave);
  try {
    socket.connect(endpoint);
    for (const [index, frames] of conversation.messages.entries()) {
      if (index % BURST === 0) await setImmediate();
      for (let answer = work.next(); answer; answer = work.next()) await send(socket, answer, ledger);
      await send(socket, frames, ledger);
    }
    // The first of them may end a packed session, in which it has no place; the second is answered.
    for (let times = 0; times < 2; times++) {
      await send(
        socket,
        [REPLY_HEADER, '\x01', end, ''].map((text) => Buffer.from(text)),
        ledger,
      );
    }
    await withinTime(heardAll, `the end of conversation ${conversation.number}`);
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

async function send(socket: Dealer, frames: Frames, ledger: Ledger): Promise<void> {
  if (!ledger.isSendable(frames)) return;
  ledger.sent(frames);
  await socket.send(frames);
}

/** Reads until the broker has answered what was asked last. */
async function readUntil(socket: Dealer, end: string, work: Work): Promise<void> {
  const service = encodeText(end);
  for (;;) {
    const frames = await socket.receive();
    const [header, , about] = frames;
    if (header && about && decodeText(header) === REPLY_HEADER && Buffer.compare(about, service) === 0)
      return;
    work.heard(frames);
  }
}

async function withinTime(done: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not heard within ${ANSWER_MS} ms`)), ANSWER_MS);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
