import { packedHalf } from '../detect';
import type { Frame } from '../frame';
import type { Limits } from '../limits';
import { opening, Probe, type Verdict } from '../probe';
import type { Rejection } from '../rejection';
import type { PackedSession } from './session';

/** What a packed wire goes by. */
export interface PackedWireSettings {
  /** True where it is to be found out what the broker speaks. */
  readonly asks: boolean;
  /** How long each question waits for its answer, in ms. */
  readonly probeMs: number;
  readonly limits: Limits;
}

/** What a packed wire reports. */
export interface PackedWireEvents<In> {
  /** What the broker at the other end speaks was found out. */
  found(verdict: Verdict): void;
  /** The commands of one message. */
  received(commands: readonly In[]): void;
  /** A message was not understood. */
  refused(rejection: Rejection): void;
  /** A message came that answers no question, while nobody knows what the broker speaks: nothing follows from it. */
  ignored?(rejection: Rejection): void;
  /** Something waits to leave at the end of this turn of the loop: `flush` is to be called. */
  unflushed(): void;
}

/**
 * A client's or worker's end of one connection that carries a packed session, or is to find out whether it can. What is
 * sent in one turn of the loop leaves as one message; the first of them begins the session, or is the first question to
 * a broker that may be a plain one. Without sockets and clock: both are handed in.
 */
export class PackedWire<Out, In> {
  #probe: Probe | undefined;
  /** True once a plain question was asked: its answer may still come when the broker has turned out packed. */
  #askedPlainly = false;
  /** True once the first message has left. */
  #begun = false;
  /** True while something waits for the end of the turn. */
  #unflushed = false;
  #established = false;

  /**
   * @param session - this side's, in which nothing was said yet
   * @param clock - the time in ms
   * @param leave - has a message leave on the connection
   */
  constructor(
    private readonly session: PackedSession<Out, In>,
    private readonly settings: PackedWireSettings,
    private readonly clock: () => number,
    private readonly reports: PackedWireEvents<In>,
    private readonly leave: (message: Frame[]) => void,
  ) {}

  /** True once the other side has spoken packed. */
  get established(): boolean {
    return this.#established;
  }

  /** A message came. */
  message(frames: readonly Frame[]): void {
    if (this.#probe) {
      const verdict = this.#probe.heard(frames);
      if (verdict === undefined) {
        this.#ignore(frames);
        return;
      }
      this.#probe = undefined;
      this.reports.found(verdict);
      if (verdict !== 'packed') return;
    }
    if (this.#askedPlainly && !packedHalf(frames)) return;
    const decoded = this.session.decode(frames, this.settings.limits);
    if (!decoded.ok) {
      this.reports.refused(decoded.rejection);
      return;
    }
    this.#established = true;
    this.reports.received(decoded.command);
  }

  #ignore(frames: readonly Frame[]): void {
    const decoded = this.session.decode(frames, this.settings.limits);
    if (!decoded.ok) this.reports.ignored?.(decoded.rejection);
  }

  /** Adds a command to what leaves next. */
  send(command: Out): void {
    this.session.add(command);
    if (this.session.full) this.flush();
    if (this.#unflushed || this.session.empty) return;
    this.#unflushed = true;
    this.reports.unflushed();
  }

  /** What was sent leaves now. */
  flush(): void {
    this.#unflushed = false;
    if (this.session.empty) return;
    const message = this.session.take();
    if (this.#begun) {
      this.leave(message);
      return;
    }
    this.#begun = true;
    if (this.settings.asks) this.#probe = new Probe(message, this.settings.probeMs, this.clock());
    this.leave(this.#probe?.first ?? opening(message));
  }

  /** Has one last command leave, alone: all else that waits is for nobody. */
  sendLast(command: Out): void {
    if (!this.session.empty) this.session.take();
    this.session.add(command);
    this.leave(this.session.take());
  }

  /** When `tick` has something to do, in ms, or `Infinity`. */
  get nextWakeAt(): number {
    return this.#probe?.nextWakeAt ?? Infinity;
  }

  /** The next question, or that all were asked in vain. */
  tick(now: number): void {
    const next = this.#probe?.tick(now);
    if (next === undefined) return;
    if (typeof next === 'string') {
      this.#probe = undefined;
      this.reports.found(next);
    } else {
      this.#askedPlainly = true;
      this.leave(next);
    }
  }
}
