import {
  DEFAULT_LIMITS,
  dialectByName,
  type ClientToBroker,
  type DialectName,
  type Frame,
  type Protocol,
} from '@majordomo/protocol';
import { PackedClientWire, type Carrier, type CarrierEvents } from '../../../client/src/packed-wire';
import type { Wire, WireEvents } from '../../../client/src/wire';
import type { Connection, PeerEnd } from './network';

/** What a wire needs of its process. */
export interface WireHost {
  readonly probeMs: number;
  clock(): number;
  connect(end: PeerEnd): Connection;
  /** Has what came in heard in the next turn. */
  hear(what: () => void): void;
}

/** One virtual connection of a client and the dialect on it. */
export type VirtualWire = Wire & Pick<PackedClientWire, 'nextWakeAt' | 'tick'>;

/** Makes the wire that a client asks for. */
export function openWire(speak: Protocol, host: WireHost, events: WireEvents): VirtualWire {
  if (speak !== 'auto' && speak !== 'packed') return new PlainVirtualWire(speak, host, events);
  const settings = { limits: DEFAULT_LIMITS, probeMs: host.probeMs };
  const connect = (carried: CarrierEvents): Carrier => carry(host, carried);
  return new PackedClientWire(connect, speak === 'auto', settings, () => host.clock(), events);
}

/** Carries the messages of a real {@link PackedClientWire} over a virtual connection. */
function carry(host: WireHost, carried: CarrierEvents): Carrier {
  let closed = false;
  const hear = (what: () => void): void => {
    host.hear(() => {
      if (!closed) what();
    });
  };
  const connection = host.connect({
    opened: () => hear(() => carried.opened()),
    message: (frames) =>
      hear(() => {
        connection.toPeer.unread--;
        carried.message(frames);
      }),
    closed: (reason) => hear(() => carried.closed(reason, false, 'closed')),
  });
  return {
    send: (frames) => connection.send(frames),
    close: ({ flush }) => {
      closed = true;
      connection.close(flush);
    },
  };
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
      closed: (reason) => this.#hear(() => this.#inTurn(() => events.closed(reason, false))),
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
