import type { BrokerToClient, ClientToBroker, Dialect, Limits, Rejection } from '@majordomo/protocol';
import { DealerLink } from '@majordomo/transport';

/** What the links report, each with the number that the core knows a link by. */
export interface LinkEvents {
  opened(link: number): void;
  received(link: number, command: BrokerToClient): void;
  refused(link: number, rejection: Rejection): void;
  closed(link: number, reason: string): void;
}

/** How links are made. */
export interface LinkSettings {
  readonly dialect: Dialect;
  readonly limits: Limits;
  readonly connectTimeoutMs: number;
  /** Messages that a socket takes in while nobody reads from it. */
  readonly receiveHighWaterMark: number;
}

/** The open sockets of a client, and the dialect that they speak. */
export class Links {
  readonly #links = new Map<number, DealerLink>();

  constructor(
    private readonly settings: LinkSettings,
    private readonly events: LinkEvents,
  ) {}

  open(id: number, endpoint: string): void {
    const { dialect, limits, connectTimeoutMs, receiveHighWaterMark } = this.settings;
    try {
      const link = new DealerLink(
        endpoint,
        { frameBytesMax: limits.frameBytesMax, connectTimeoutMs, receiveHighWaterMark },
        {
          opened: () => this.events.opened(id),
          message: (frames) => {
            const decoded = dialect.brokerToClient.decode(frames, limits);
            if (decoded.ok) this.events.received(id, decoded.command);
            else this.events.refused(id, decoded.rejection);
          },
          closed: (reason) => {
            this.#links.delete(id);
            this.events.closed(id, reason);
          },
        },
      );
      this.#links.set(id, link);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => this.events.closed(id, reason));
    }
  }

  send(id: number, command: ClientToBroker): void {
    const frames = this.settings.dialect.clientToBroker.encode(command);
    if (frames) this.#links.get(id)?.send(frames);
  }

  pause(id: number): void {
    this.#links.get(id)?.pause();
  }

  resume(id: number): void {
    this.#links.get(id)?.resume();
  }

  /** Closes a socket; what a client has not sent by then, nobody waits for. */
  close(id: number): void {
    this.#links.get(id)?.close({ flush: false });
    this.#links.delete(id);
  }
}
