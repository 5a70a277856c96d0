import {
  DEFAULT_LIMITS,
  dialectByName,
  DISCONNECT,
  opening,
  packedClient,
  packedHalf,
  Probe,
  type BrokerToClient,
  type ClientToBroker,
  type DialectName,
  type Frame,
  type Protocol,
  type Rejection,
} from '@majordomo/protocol';
import type { Connection, PeerEnd } from './network';

/** What a virtual wire reports to its client; see `Wire` of the real shell. */
export interface WireEvents {
  opened(): void;
  found(verdict: DialectName | 'silent'): void;
  received(commands: readonly BrokerToClient[]): void;
  refused(rejection: Rejection): void;
  closed(reason: string): void;
}

/** What a wire needs of its process. */
export interface WireHost {
  readonly probeMs: number;
  clock(): number;
  connect(end: PeerEnd): Connection;
  /** Has what came in heard in the next turn. */
  hear(what: () => void): void;
}

/** One virtual connection of a client and the dialect on it. */
export interface VirtualWire {
  readonly nextWakeAt: number;
  send(command: ClientToBroker): void;
  flush(): void;
  tick(now: number): void;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Makes the wire that a client asks for. */
export function openWire(speak: Protocol, host: WireHost, events: WireEvents): VirtualWire {
  if (speak === 'auto' || speak === 'packed') return new PackedVirtualWire(speak === 'auto', host, events);
  return new PlainVirtualWire(speak, host, events);
}

class PackedVirtualWire implements VirtualWire {
  readonly #session = packedClient();
  readonly #connection: Connection;
  #probe: Probe | undefined;
  #askedPlainly = false;
  #begun = false;
  #established = false;
  #closed = false;

  constructor(
    private readonly asks: boolean,
    private readonly host: WireHost,
    private readonly events: WireEvents,
  ) {
    this.#connection = host.connect({
      opened: () => this.#hear(() => events.opened()),
      message: (frames) =>
        this.#hear(() => {
          this.#connection.toPeer.unread--;
          this.#message(frames);
        }),
      closed: (reason) => this.#hear(() => events.closed(reason)),
    });
  }

  #hear(what: () => void): void {
    this.host.hear(() => {
      if (!this.#closed) what();
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
    const decoded = this.#session.decode(frames, DEFAULT_LIMITS);
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
  }

  flush(): void {
    if (this.#session.empty || this.#closed) return;
    const message = this.#session.take();
    if (this.#begun) {
      this.#connection.send(message);
      return;
    }
    this.#begun = true;
    if (this.asks) this.#probe = new Probe(message, this.host.probeMs, this.host.clock());
    this.#connection.send(this.#probe?.first ?? opening(message));
  }

  get nextWakeAt(): number {
    return this.#probe?.nextWakeAt ?? Infinity;
  }

  tick(now: number): void {
    const next = this.#probe?.tick(now);
    if (!next) return;
    if (typeof next === 'string') {
      this.#probe = undefined;
      this.events.found(next);
    } else {
      this.#askedPlainly = true;
      this.#connection.send(next);
    }
  }

  pause(): void {
    // A packed session has windows.
  }

  resume(): void {
    // Nor is it ever paused.
  }

  close(): void {
    if (this.#closed) return;
    if (this.#established) {
      if (!this.#session.empty) this.#session.take();
      this.#session.add(DISCONNECT);
      this.#connection.send(this.#session.take());
    }
    this.#closed = true;
    this.#connection.close(this.#established);
  }
}

class PlainVirtualWire implements VirtualWire {
  readonly nextWakeAt = Infinity;
  readonly #connection: Connection;
  readonly #dialect;
  readonly #unread: (() => void)[] = [];
  #paused = false;
  #closed = false;

  constructor(
    name: Exclude<DialectName, 'packed'>,
    private readonly host: WireHost,
    private readonly events: WireEvents,
  ) {
    this.#dialect = dialectByName(name);
    this.#connection = host.connect({
      opened: () => this.#hear(() => events.opened()),
      message: (frames) => this.#hear(() => this.#inTurn(() => this.#message(frames))),
      closed: (reason) => this.#hear(() => this.#inTurn(() => events.closed(reason))),
    });
  }

  #hear(what: () => void): void {
    this.host.hear(() => {
      if (!this.#closed) what();
    });
  }

  send(command: ClientToBroker): void {
    const frames = this.#dialect.clientToBroker.encode(command);
    if (frames && !this.#closed) this.#connection.send(frames);
  }

  flush(): void {
    // Every command has left by itself.
  }

  tick(): void {
    // Nothing here looks at the time.
  }

  /** Behind all that is not read yet: the end of a connection, too. */
  #inTurn(what: () => void): void {
    if (this.#paused) this.#unread.push(what);
    else what();
  }

  #message(frames: Frame[]): void {
    this.#connection.toPeer.unread--;
    const decoded = this.#dialect.brokerToClient.decode(frames, DEFAULT_LIMITS);
    if (decoded.ok) this.events.received([decoded.command]);
    else this.events.refused(decoded.rejection);
  }

  pause(): void {
    this.#paused = true;
  }

  /** What came meanwhile is read one after another, and no further than to where it is paused again. */
  resume(): void {
    this.#paused = false;
    this.#hear(() => {
      while (!this.#paused && !this.#closed) {
        const what = this.#unread.shift();
        if (!what) return;
        what();
      }
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close(false);
  }
}
