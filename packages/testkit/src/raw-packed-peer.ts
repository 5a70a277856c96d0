import type { Frame } from './hex';
import { decodePacked, encodePacked } from './packed-codec';
import type {
  PackedCommand,
  PackedDirection,
  PackedIntroduction,
  PackedReason,
  PackedWelcome,
} from './packed-commands';
import { PackedInbox } from './packed-inbox';
import { DEFAULT_TIMEOUT_MS, RawSocket, type RawSocketOptions } from './raw-socket';

/** How a raw packed client or worker connects. */
export type RawPackedPeerOptions = Omit<RawSocketOptions, 'onMessage'>;

/** What a peer says of itself where a test says nothing else. */
export const INTRODUCTION: PackedIntroduction = {
  revision: 1,
  heartbeatMs: 1_000,
  capabilities: 0,
  metadata: Buffer.alloc(0),
};

/** What clients and workers of MDP/P1 have in common: a DEALER that sends what it is told to. */
export abstract class RawPackedPeer {
  readonly socket: RawSocket;
  protected readonly inbox: PackedInbox;
  /** The broker's WELCOME, once it has come. */
  welcome: PackedWelcome | undefined;
  #ended = false;

  constructor(
    name: string,
    endpoint: string,
    options: RawPackedPeerOptions,
    private readonly out: PackedDirection,
    private readonly into: PackedDirection,
  ) {
    this.inbox = new PackedInbox(name);
    this.socket = new RawSocket('dealer', { name, ...options, onMessage: (frames) => this.#arrived(frames) });
    this.socket.onClose(() => this.inbox.close(`the ${name} was closed`));
    this.socket.connect(endpoint);
  }

  /** Notes a command about to be sent. */
  protected abstract noteSent(command: PackedCommand): void;
  /** Notes a command that came; throws where the broker should not have sent it. */
  protected abstract noteReceived(command: PackedCommand): void;

  /** Every arrival that broke the layout or the order of commands; the next call that meets one throws it. */
  get violations(): string[] {
    return this.inbox.violations;
  }

  /** HEARTBEATs that arrived so far. */
  get heartbeats(): number {
    return this.inbox.heartbeats;
  }

  /** These commands as one message. */
  send(...commands: PackedCommand[]): Promise<void> {
    for (const command of commands) this.noteSent(command);
    return this.socket.send(...encodePacked(this.out, commands));
  }

  /** These commands as the message that begins a session: behind an empty frame. */
  open(...commands: PackedCommand[]): Promise<void> {
    for (const command of commands) this.noteSent(command);
    return this.socket.send('', ...encodePacked(this.out, commands));
  }

  /** Any frames at all. What can be read as commands counts as said, so that answers to it are no violations. */
  sendRaw(...frames: Frame[]): Promise<void> {
    const bytes = frames.map((frame) => Buffer.from(frame));
    try {
      const message = bytes[0]?.length === 0 ? bytes.slice(1) : bytes;
      for (const command of decodePacked(this.out, message)) this.noteSent(command);
    } catch {
      // Hostile, as it was meant to be.
    }
    return this.socket.send(...bytes);
  }

  heartbeat(): Promise<void> {
    return this.send({ kind: 'heartbeat' });
  }

  /** Sends HEARTBEAT every `ms`, the first after `ms`, until the returned function is called or `close()`. */
  heartbeatEvery(ms: number): () => void {
    return this.socket.every(ms, () => this.heartbeat());
  }

  disconnect(): Promise<void> {
    return this.send({ kind: 'disconnect' });
  }

  nextWelcome(timeoutMs?: number): Promise<PackedWelcome> {
    return this.inbox.next(['welcome'], timeoutMs);
  }

  /** Waits for a HEARTBEAT not yet consumed. */
  expectHeartbeat(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    return this.inbox.heartbeat(timeoutMs);
  }

  /** Waits for DISCONNECT; returns why, where the broker says so. */
  async expectDisconnect(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<PackedReason | undefined> {
    return (await this.inbox.next(['disconnect'], timeoutMs)).reason;
  }

  async expectDraining(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    await this.inbox.next(['draining'], timeoutMs);
  }

  /** Throws when anything but HEARTBEATs is there or arrives within `ms`; what arrived stays. */
  expectSilence(ms: number): Promise<void> {
    return this.inbox.quiet(ms);
  }

  /** Closes without DISCONNECT: to the broker that is a crash. */
  close(): Promise<void> {
    return this.socket.close();
  }

  #arrived(frames: Buffer[]): void {
    try {
      for (const command of decodePacked(this.into, frames)) {
        this.#inOrder(command);
        this.noteReceived(command);
        this.inbox.push(command);
      }
    } catch (error) {
      this.inbox.violation((error as Error).message, frames);
    }
  }

  #inOrder(command: PackedCommand): void {
    if (this.#ended) throw new Error(`${command.kind.toUpperCase()} after the broker's DISCONNECT`);
    if (command.kind === 'disconnect') this.#ended = true;
    else if (command.kind === 'welcome') {
      if (this.welcome) throw new Error('a second WELCOME');
      this.welcome = command;
    } else if (!this.welcome) throw new Error(`${command.kind.toUpperCase()} before WELCOME`);
  }
}
