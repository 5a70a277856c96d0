import type { ClientToBroker, PlainDialect } from '@majordomo/protocol';
import { DealerLink } from '@majordomo/transport';
import type { Wire, WireEvents, WireSettings } from './wire';

/** A connection on which a message is one command. */
export class PlainWire implements Wire {
  readonly #link: DealerLink;

  /** @throws where ZeroMQ refuses the endpoint */
  constructor(
    endpoint: string,
    private readonly dialect: PlainDialect,
    { limits, connectTimeoutMs, receiveHighWaterMark, curve }: WireSettings,
    events: WireEvents,
  ) {
    this.#link = new DealerLink(
      endpoint,
      { frameBytesMax: limits.frameBytesMax, connectTimeoutMs, receiveHighWaterMark, curve },
      {
        opened: () => events.opened(),
        message: (frames) => {
          const decoded = dialect.brokerToClient.decode(frames, limits);
          if (decoded.ok) events.received([decoded.command]);
          else events.refused(decoded.rejection);
        },
        closed: (reason, unauthorized) => events.closed(reason, unauthorized),
      },
    );
  }

  send(command: ClientToBroker): void {
    const frames = this.dialect.clientToBroker.encode(command);
    if (frames) this.#link.send(frames);
  }

  flush(): void {
    // Every command has left by itself.
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  /** What a client has not sent by then, nobody waits for. */
  close(): void {
    this.#link.close({ flush: false });
  }
}
