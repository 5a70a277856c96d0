import {
  DISCONNECT,
  opening,
  packedClient,
  packedHalf,
  Probe,
  type ClientToBroker,
  type Frame,
  type Limits,
} from '@majordomo/protocol';
import type { DealerLinkHandlers } from '@majordomo/transport';
import type { Wire, WireEvents, WireSettings } from './wire';

/** What carries messages there and back: a dealer link, or what behaves like one. */
export interface Carrier {
  send(message: Frame[]): void;
  close(how: { readonly flush: boolean }): void;
}

/** What it reports. */
export type CarrierEvents = DealerLinkHandlers;

/**
 * A connection that carries a packed session, or is to find out whether it can. What is sent in one turn of the loop
 * leaves as one message; the first of them begins the session, or is the first question to a broker that may be a
 * plain one.
 */
export class PackedWire implements Wire {
  readonly #session = packedClient();
  readonly #link: Carrier;
  readonly #limits: Limits;
  readonly #probeMs: number;
  #probe: Probe | undefined;
  /** True once a plain question was asked: its answer may still come when the broker has turned out packed. */
  #askedPlainly = false;
  /** True once the first message has left. */
  #begun = false;
  /** True while something waits for the end of the turn. */
  #unflushed = false;
  /** True once the other side has spoken packed. */
  #established = false;

  /**
   * @param connect - makes the connection; what it throws passes through
   * @param asks - true where it is to be found out what the broker speaks
   * @param clock - the time in ms
   */
  constructor(
    connect: (events: CarrierEvents) => Carrier,
    private readonly asks: boolean,
    { limits, probeMs }: Pick<WireSettings, 'limits' | 'probeMs'>,
    private readonly clock: () => number,
    private readonly events: WireEvents,
  ) {
    this.#limits = limits;
    this.#probeMs = probeMs;
    this.#link = connect({
      opened: () => events.opened(),
      message: (frames) => this.#message(frames),
      closed: (reason, unauthorized) => events.closed(reason, unauthorized),
    });
  }

  #message(frames: readonly Frame[]): void {
    if (this.#probe) {
      const verdict = this.#probe.heard(frames);
      if (!verdict) return;
      this.#probe = undefined;
      this.events.found(verdict);
      if (verdict !== 'packed') return;
    }
    if (this.#askedPlainly && !packedHalf(frames)) return;
    const decoded = this.#session.decode(frames, this.#limits);
    if (!decoded.ok) {
      this.events.refused(decoded.rejection);
      return;
    }
    this.#established = true;
    this.events.received(decoded.command);
  }

  send(command: ClientToBroker): void {
    this.#session.add(command);
    if (this.#session.full) this.flush();
    if (this.#unflushed || this.#session.empty) return;
    this.#unflushed = true;
    this.events.unflushed();
  }

  flush(): void {
    this.#unflushed = false;
    if (this.#session.empty) return;
    const message = this.#session.take();
    if (this.#begun) {
      this.#link.send(message);
      return;
    }
    this.#begun = true;
    if (this.asks) this.#probe = new Probe(message, this.#probeMs, this.clock());
    this.#link.send(this.#probe?.first ?? opening(message));
  }

  get nextWakeAt(): number {
    return this.#probe?.nextWakeAt ?? Infinity;
  }

  /** The next question, or that all were asked in vain. */
  tick(now: number): void {
    const next = this.#probe?.tick(now);
    if (!next) return;
    if (typeof next === 'string') {
      this.#probe = undefined;
      this.events.found(next);
    } else {
      this.#askedPlainly = true;
      this.#link.send(next);
    }
  }

  pause(): void {
    // A packed session has windows.
  }

  resume(): void {
    // Nor is it ever paused.
  }

  /** Tells a broker that knows what it means; all else that waits to leave is for nobody. */
  close(): void {
    if (this.#established) {
      if (!this.#session.empty) this.#session.take();
      this.#session.add(DISCONNECT);
      this.#link.send(this.#session.take());
    }
    this.#link.close({ flush: this.#established });
  }
}
