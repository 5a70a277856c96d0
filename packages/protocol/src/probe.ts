import { DISCONNECT, HEARTBEAT } from './commands';
import type { DialectName } from './dialect';
import { mdp01 } from './dialects/mdp01';
import { mdp02 } from './dialects/mdp02';
import { packedHalf } from './detect';
import { EMPTY_FRAME, type Frame } from './frame';

/** What a client or worker may be told to speak: one dialect, or whatever is the best that the broker knows. */
export const PROTOCOLS = ['auto', 'packed', 'mdp/0.2', 'mdp/0.1'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/**
 * The message that begins a packed session: HELLO's or READY's behind an empty frame. Brokers of the zguide abort
 * on a first frame that is not empty; with one, they read a header that they do not know, and drop it.
 */
export function opening(message: readonly Frame[]): Frame[] {
  return [EMPTY_FRAME, ...message];
}

/** What a probe finds: what the broker speaks, or that it answers nothing. */
export type Verdict = DialectName | 'silent';

const PLAIN_PROBES = { 'mdp/0.1': mdp01, 'mdp/0.2': mdp02 } as const;

type Step = keyof typeof PLAIN_PROBES | 'packed';

/** 0.1 before 0.2: RFC 18 brokers drop what starts with an empty frame, zguide brokers abort on what does not. */
const AFTER: Readonly<Record<Step, Step | undefined>> = {
  packed: 'mdp/0.1',
  'mdp/0.1': 'mdp/0.2',
  'mdp/0.2': undefined,
};

/**
 * Finds out, on a connection of its own, what a broker speaks. It sends the packed opening first, then to brokers
 * that do not answer it the HEARTBEAT of a worker, in MDP/0.1 and in MDP/0.2: a broker answers that of a worker which
 * is not registered with DISCONNECT in the same dialect (RFC 7 and 18), and keeps nothing of it. Without sockets and
 * clock: messages go out as return values, times in ms come in.
 *
 * A connection that turns out packed goes on as a session: the opening was its first message. Any other has served
 * its purpose, and is to be closed.
 */
export class Probe {
  #step: Step = 'packed';
  #until: number;

  /**
   * @param message - HELLO or READY, packed
   * @param stepMs - how long each question waits for its answer
   */
  constructor(
    private readonly message: readonly Frame[],
    private readonly stepMs: number,
    now: number,
  ) {
    this.#until = now + stepMs;
  }

  /** When {@link tick} has something to do, in ms. */
  get nextWakeAt(): number {
    return this.#until;
  }

  /** The first message. */
  get first(): Frame[] {
    return opening(this.message);
  }

  /** A message came: the verdict where it tells, `undefined` where it is no answer. A packed one is still to be decoded. */
  heard(frames: readonly Frame[]): Verdict | undefined {
    if (packedHalf(frames)) return 'packed';
    for (const [name, dialect] of Object.entries(PLAIN_PROBES)) {
      const decoded = dialect.brokerToWorker.decode(frames);
      if (decoded.ok && decoded.command.kind === DISCONNECT.kind) return name as keyof typeof PLAIN_PROBES;
    }
    return undefined;
  }

  /** Time has passed: the next message, or the verdict; `undefined` where it is not time yet. */
  tick(now: number): Frame[] | Verdict | undefined {
    if (now < this.#until) return undefined;
    const next = AFTER[this.#step];
    if (!next || next === 'packed') return 'silent';
    this.#step = next;
    this.#until = now + this.stepMs;
    return PLAIN_PROBES[next].workerToBroker.encode(HEARTBEAT) ?? 'silent';
  }
}
