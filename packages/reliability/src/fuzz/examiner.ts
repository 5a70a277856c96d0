import type { Decoded } from '@majordomo/protocol';
import type { z } from 'zod';
import type { Protocol, Session } from './channels';
import type { Command } from './commands';
import { Decoders, type PlainDecoder } from './decoders';
import { explain, Finding } from './finding';
import { inspect } from './inspect';
import { bytesIn, DIRECTIONS, LIMITS, type Direction, type Frames, type Talk, type Tongue } from './message';
import { Oracle } from './oracle';
import { differenceOfLists, sameFrames } from './same';
import { Timing } from './timing';

/** How often each of the costlier checks is made: of one message in so many. */
export interface Thoroughness {
  /** What was decoded passes its zod schema, and its bodies can be read as JSON, or throw what they should. */
  readonly schema: number;
  /** It encodes again to what decodes equal; of a plain dialect, to the very same frames. */
  readonly encode: number;
  /** The testkit's codec is of the same opinion. */
  readonly oracle: number;
  /** Every decoder takes the message, not only the one it was made for. */
  readonly others: number;
}

export const THOROUGH: Thoroughness = { schema: 1, encode: 1, oracle: 1, others: 1 };
export const FAST: Thoroughness = { schema: 64, encode: 16, oracle: 16, others: 128 };

/** Characters in what a rejection tells at the most: it goes to logs. */
const DETAIL_LENGTH_MAX = 300;

/** What became of the messages so far. */
export interface Tally {
  messages: number;
  bytes: number;
  accepted: number;
  readonly refused: Map<string, number>;
}

/** Hands messages to decoders and holds what they make of them against what must hold of any message. */
export class Examiner {
  readonly tally: Tally = { messages: 0, bytes: 0, accepted: 0, refused: new Map() };
  readonly timing: Timing;
  readonly #decoders: Decoders;
  readonly #reasons: ReadonlySet<string>;

  /** @param timed - to find fault with what takes too long */
  constructor(
    private readonly protocol: Protocol,
    private readonly thoroughness: Thoroughness,
    timed: boolean,
  ) {
    this.#decoders = new Decoders(protocol);
    this.#reasons = new Set(protocol.REJECTION_REASONS);
    this.timing = new Timing(this.#decoders, timed);
  }

  /**
   * Examines the messages of one connection, one after another. A packed session is over with the first that is
   * refused, and what comes then is of a new one.
   * @param valid - how many of the messages, from the first on, a decoder has to take
   * @throws Finding
   */
  examine(talk: Talk, valid = 0): void {
    const { direction, tongue, limits } = talk;
    let session = tongue === 'packed' ? this.#decoders.packed[direction].to() : undefined;
    let oracle = session && this.#isTurn('oracle') ? new Oracle(direction, limits) : undefined;
    let sessionFrom = 0;
    for (const [index, frames] of talk.messages.entries()) {
      this.tally.messages++;
      this.tally.bytes += bytesIn(frames);
      try {
        if (tongue !== 'packed') {
          this.#plain(this.#plainDecoder(tongue, direction), talk, index, index < valid);
        } else if (session) {
          const taken = this.#packed(session, oracle, talk, sessionFrom, index, index < valid);
          if (!taken) {
            session = this.#decoders.packed[direction].to();
            oracle = oracle && new Oracle(direction, limits);
            sessionFrom = index + 1;
          }
        }
        if (this.#isTurn('others')) this.#others(frames, talk, index);
      } catch (error) {
        if (error instanceof Finding) throw error;
        throw new Finding('threw', explain(error), index, { cause: error });
      }
    }
  }

  /** A broker finds out by itself what is spoken; the others know. Of what is said to brokers, each reads one half. */
  #plainDecoder(tongue: Exclude<Tongue, 'packed'>, direction: Direction): PlainDecoder {
    if (this.tally.messages % 2 === 0) {
      if (direction === 'client-to-broker') return this.#decoders.atBroker('client');
      if (direction === 'worker-to-broker') return this.#decoders.atBroker('worker');
    }
    return this.#decoders.plainOf(tongue, direction);
  }

  #isTurn(check: keyof Thoroughness): boolean {
    return this.tally.messages % this.thoroughness[check] === 0;
  }

  /** Holds a result to its shape, and counts it; the reason where it is a rejection. */
  #outcome(decoded: Decoded<unknown>, index: number, valid = false): string | undefined {
    if (decoded.ok) return undefined;
    const { reason, detail } = decoded.rejection;
    if (!this.#reasons.has(reason)) throw new Finding('bad_result', `unknown reason ${reason}`, index);
    if (typeof detail !== 'string' || detail.length > DETAIL_LENGTH_MAX) {
      throw new Finding('bad_result', `a detail of ${String(detail).length} characters`, index);
    }
    if (valid) throw new Finding('refused_valid', `${reason}, ${detail}`, index);
    return reason;
  }

  #count(reason: string | undefined): void {
    if (reason === undefined) this.tally.accepted++;
    else this.tally.refused.set(reason, (this.tally.refused.get(reason) ?? 0) + 1);
  }

  #schema(schema: z.ZodType, command: Command, index: number): void {
    const parsed = schema.safeParse(command);
    if (parsed.success) return;
    throw new Finding(
      'schema',
      `${command.kind}: ${parsed.error.issues[0]?.message ?? 'does not fit'}`,
      index,
    );
  }

  #plain(decoder: PlainDecoder, talk: Talk, index: number, valid: boolean): void {
    const frames = talk.messages[index]!;
    const decoded = this.timing.of(talk, index, index, () => decoder.decode(frames, LIMITS[talk.limits]));
    this.#count(this.#outcome(decoded, index, valid));
    if (decoded.ok) this.#plainCommand(decoder, decoded.command, frames, index);
  }

  #plainCommand(decoder: PlainDecoder, command: Command, frames: Frames, index: number): void {
    inspect(this.protocol, [command], frames, index, this.#isTurn('schema'));
    if (this.#isTurn('schema')) this.#schema(decoder.schema, command, index);
    if (!this.#isTurn('encode')) return;
    const again = decoder.encode(command);
    if (again && sameFrames(again, frames)) return;
    throw new Finding('encoding', `${decoder.name}: ${command.kind} encodes to other frames`, index);
  }

  /** False where the message was refused. */
  #packed(
    session: Session,
    oracle: Oracle | undefined,
    talk: Talk,
    sessionFrom: number,
    index: number,
    valid: boolean,
  ): boolean {
    const frames = talk.messages[index]!;
    const decoded = this.timing.of(talk, sessionFrom, index, () =>
      session.decode(frames, LIMITS[talk.limits]),
    );
    const reason = this.#outcome(decoded, index, valid);
    this.#count(reason);
    const objection = oracle?.objection(frames, decoded.ok ? decoded.command : (reason ?? ''));
    if (objection) throw new Finding('difference', objection, index);
    if (!decoded.ok) return false;
    inspect(this.protocol, decoded.command, frames, index, this.#isTurn('schema'));
    const { schema } = this.#decoders.packed[talk.direction];
    if (this.#isTurn('schema')) for (const command of decoded.command) this.#schema(schema, command, index);
    if (this.#isTurn('encode')) this.#encodeAgain(talk, decoded.command, index);
    return true;
  }

  /** Sends the commands in a session of their own, and compares them with those that arrive. */
  #encodeAgain({ direction }: Talk, commands: readonly Command[], index: number): void {
    const sender = this.#decoders.packed[direction].from();
    const receiver = this.#decoders.packed[direction].to();
    const arrived: Command[] = [];
    const send = (): void => {
      const decoded = receiver.decode(sender.take(), LIMITS.default);
      if (!decoded.ok) throw new Finding('encoding', `encodes to what is ${decoded.rejection.reason}`, index);
      arrived.push(...decoded.command);
    };
    for (const command of commands) {
      sender.add(command);
      if (sender.full) send();
    }
    if (!sender.empty) send();
    const where = differenceOfLists(commands, arrived);
    if (where !== undefined) throw new Finding('encoding', `decodes to something else: ${where}`, index);
  }

  /** Every decoder takes whatever comes: sessions of their own, plain channels, what tells dialects apart, a probe. */
  #others(frames: Frames, talk: Talk, index: number): void {
    const limits = LIMITS[talk.limits];
    for (const direction of DIRECTIONS) {
      const { to, schema } = this.#decoders.packed[direction];
      const decoded = to().decode(frames, limits);
      this.#outcome(decoded, index);
      if (!decoded.ok) continue;
      inspect(this.protocol, decoded.command, frames, index, this.#isTurn('schema'));
      for (const command of decoded.command) this.#schema(schema, command, index);
    }
    for (const decoder of this.#decoders.plain) {
      const decoded = decoder.decode(frames, limits);
      this.#outcome(decoded, index);
      if (decoded.ok) this.#plainCommand(decoder, decoded.command, frames, index);
    }
    const half = this.protocol.packedHalf(frames);
    if (half !== undefined && half !== 'client' && half !== 'worker') {
      throw new Finding('bad_result', `packedHalf is ${String(half)}`, index);
    }
    const verdict = new this.protocol.Probe([], 1, 0).heard(frames);
    if (verdict !== undefined && !this.protocol.DIALECT_NAMES.some((name) => name === verdict)) {
      throw new Finding('bad_result', `a probe's verdict is ${verdict}`, index);
    }
    for (const frame of frames) this.#bytes(frame, index);
  }

  /** Any bytes survive the way to a key and back, and text is text. */
  #bytes(frame: Buffer, index: number): void {
    if (frame.length > 1_024) return;
    const { bytesToKey, decodeText, keyToBytes } = this.protocol;
    if (!sameFrames([keyToBytes(bytesToKey(frame))], [frame])) {
      throw new Finding('encoding', 'a key is of other bytes', index);
    }
    decodeText(frame);
  }
}
