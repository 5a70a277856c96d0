import {
  dialectByName,
  socketFrameBytesMax,
  type BrokerToClient,
  type ClientToBroker,
  type DialectName,
  type Protocol,
  type Rejection,
} from '@majordomo/protocol';
import { DealerLink } from '@majordomo/transport';
import { PackedClientWire } from './packed-wire';
import { PlainWire } from './plain-wire';
import { clock } from './turn';
import type { Wire, WireEvents, WireSettings } from './wire';

/** What the links report, each with the number that the core knows a link by. */
export interface LinkEvents {
  opened(link: number): void;
  found(link: number, verdict: DialectName | 'silent'): void;
  received(link: number, commands: readonly BrokerToClient[]): void;
  refused(link: number, rejection: Rejection): void;
  closed(link: number, reason: string, unauthorized: boolean): void;
}

/** The open connections of a client by their numbers. */
export class Links {
  readonly #wires = new Map<number, Wire>();
  /** Those that look at the time: a client may have very many that do not. */
  readonly #timed = new Map<number, PackedClientWire>();
  /** Those on which something waits to leave at the end of this turn. */
  #unflushed: Wire[] = [];

  constructor(
    private readonly settings: WireSettings,
    private readonly events: LinkEvents,
  ) {}

  open(id: number, endpoint: string, speak: Protocol): void {
    const events: WireEvents = {
      opened: () => this.events.opened(id),
      found: (verdict) => this.events.found(id, verdict),
      received: (commands) => this.events.received(id, commands),
      refused: (rejection) => this.events.refused(id, rejection),
      unflushed: () => {
        const wire = this.#wires.get(id);
        if (wire) this.#unflushed.push(wire);
      },
      closed: (reason, unauthorized) => {
        this.#forget(id);
        this.events.closed(id, reason, unauthorized);
      },
    };
    try {
      this.#wires.set(id, this.#connect(id, endpoint, speak, events));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => this.events.closed(id, reason, false));
    }
  }

  #connect(id: number, endpoint: string, speak: Protocol, events: WireEvents): Wire {
    if (speak !== 'auto' && speak !== 'packed') {
      return new PlainWire(endpoint, dialectByName(speak), this.settings, events);
    }
    const { limits, connectTimeoutMs, curve } = this.settings;
    const options = { frameBytesMax: socketFrameBytesMax(limits), connectTimeoutMs, curve };
    const wire = new PackedClientWire(
      (handlers) => new DealerLink(endpoint, options, handlers),
      speak === 'auto',
      this.settings,
      clock,
      events,
    );
    this.#timed.set(id, wire);
    return wire;
  }

  #forget(id: number): void {
    this.#wires.delete(id);
    this.#timed.delete(id);
  }

  /** Sends: in a plain dialect at once, packed at the end of the turn or when there is enough for a message. */
  send(id: number, command: ClientToBroker): void {
    this.#wires.get(id)?.send(command);
  }

  /** What was sent in this turn of the loop leaves. */
  flush(): void {
    if (this.#unflushed.length === 0) return;
    const wires = this.#unflushed;
    this.#unflushed = [];
    for (const wire of wires) wire.flush();
  }

  /** When `tick` has something to do, in ms, or `Infinity`. */
  get nextWakeAt(): number {
    let at = Infinity;
    for (const wire of this.#timed.values()) if (wire.nextWakeAt < at) at = wire.nextWakeAt;
    return at;
  }

  tick(now: number): void {
    for (const wire of [...this.#timed.values()]) wire.tick(now);
  }

  pause(id: number): void {
    this.#wires.get(id)?.pause();
  }

  resume(id: number): void {
    this.#wires.get(id)?.resume();
  }

  close(id: number): void {
    const wire = this.#wires.get(id);
    this.#forget(id);
    wire?.close();
  }
}
