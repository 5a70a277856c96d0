import type { Frame } from '@majordomo/protocol';
import { DealerLink } from '@majordomo/transport';
import type { Shared } from './shared';

/** What the link of a session reports. */
export interface SessionLinkHandlers {
  /** The connection stands. */
  opened(): void;
  message(frames: readonly Frame[]): void;
  /** The connection could not be made, or is gone. */
  closed(reason: string): void;
}

/** The dealer links of one session, one after another; what any but the latest reports is not heard. */
export class SessionLink {
  #link: DealerLink | undefined;
  #opened = 0;

  /** @param frameBytesMax - bytes of a frame at the most */
  constructor(
    private readonly shared: Shared,
    private readonly broker: string,
    private readonly frameBytesMax: number,
    private readonly handlers: SessionLinkHandlers,
  ) {}

  /** True from `open` to `close`, whether or not a connection stands. */
  get isOpen(): boolean {
    return this.#link !== undefined;
  }

  /**
   * Makes a new connection on a new socket. It can fail as it is made or sent on, and a session is not to be told in
   * mid-transition: that is told a microtask later.
   */
  open(): void {
    const { counters, options, keys } = this.shared;
    const nth = ++this.#opened;
    if (nth > 1) counters.reconnects++;
    const closed = (reason: string): void => {
      queueMicrotask(() => {
        if (nth === this.#opened) this.handlers.closed(reason);
      });
    };
    const { frameBytesMax, handlers } = this;
    try {
      this.#link = new DealerLink(
        this.broker,
        { frameBytesMax, connectTimeoutMs: options.connectTimeoutMs, curve: keys },
        {
          opened: () => handlers.opened(),
          message: (frames) => handlers.message(frames),
          closed,
        },
      );
    } catch (error) {
      closed(error instanceof Error ? error.message : String(error));
    }
  }

  /** False where messages pile up, and the sender had better wait for {@link writable}. */
  send(frames: readonly Frame[]): boolean {
    return this.#link?.send(frames) ?? true;
  }

  /** Resolves once fewer messages wait. */
  writable(): Promise<void> | undefined {
    return this.#link?.writable();
  }

  /** Closes the link, or the try to open one; harmless where there is none. */
  close(how: { readonly flush: boolean }): void {
    this.#link?.close(how);
    this.#link = undefined;
  }
}
