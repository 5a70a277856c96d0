import {
  DISCONNECT,
  PackedWire,
  packedClient,
  type BrokerToClient,
  type ClientToBroker,
  type Frame,
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

/** A client's connection in the packed dialect, or one that is to find out whether it can be. */
export class PackedClientWire extends PackedWire<ClientToBroker, BrokerToClient> implements Wire {
  readonly #link: Carrier;

  /**
   * @param connect - makes the connection; what it throws passes through
   * @param asks - true where it is to be found out what the broker speaks
   * @param clock - the time in ms
   */
  constructor(
    connect: (events: CarrierEvents) => Carrier,
    asks: boolean,
    { limits, probeMs }: Pick<WireSettings, 'limits' | 'probeMs'>,
    clock: () => number,
    events: WireEvents,
  ) {
    super(packedClient(), { asks, limits, probeMs }, clock, events, (message) => this.#link.send(message));
    this.#link = connect({
      opened: () => events.opened(),
      message: (frames) => this.message(frames),
      closed: (reason, unauthorized) => events.closed(reason, unauthorized),
    });
  }

  pause(): void {
    // A packed session has windows.
  }

  resume(): void {
    // Nor is it ever paused.
  }

  /** Tells a broker that knows what it means; all else that waits to leave is for nobody. */
  close(): void {
    const { established } = this;
    if (established) this.sendLast(DISCONNECT);
    this.#link.close({ flush: established });
  }
}
