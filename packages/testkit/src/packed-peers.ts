import { hex, type Frame } from './hex';
import type { PackedCommand, PackedReady } from './packed-commands';

interface Work {
  /** PARTIALs that it may still send. */
  window: number;
}

/** What a raw packed broker remembers of one client or worker, and enough to tell when it breaks the order. */
export class PackedSessionAtBroker {
  readonly half: 'client' | 'worker';
  /** Of a worker. */
  readonly service: string;
  /** Names by number, for the codec. */
  readonly services: string[] = [''];
  /** Of a client: ids of its open requests. */
  readonly asked = new Set<number>();
  /** Of a worker: references that it holds. */
  readonly held = new Map<number, Work>();
  credit: number;
  welcomed = false;
  /** By its own DISCONNECT. */
  left = false;
  /** By a DISCONNECT of the broker: what the peer says after it may have crossed on the wire. */
  dismissed = false;

  constructor(
    readonly peer: Buffer,
    opening: { kind: 'hello' } | PackedReady,
  ) {
    this.half = opening.kind === 'hello' ? 'client' : 'worker';
    this.service = opening.kind === 'hello' ? '' : opening.service;
    this.credit = opening.kind === 'hello' ? 0 : opening.credit;
  }

  /** Notes a command about to be sent. */
  sent(command: PackedCommand): void {
    if (command.kind === 'welcome') this.welcomed = true;
    else if (command.kind === 'disconnect') this.dismissed = true;
    else if (command.kind === 'request') this.held.set(command.id, { window: command.window });
    else if (command.kind === 'window') {
      const work = this.held.get(command.id);
      if (work) work.window += command.more;
    } else if (command.kind === 'final' || command.kind === 'failure') this.asked.delete(command.id);
  }

  /** The session stands. */
  get standing(): boolean {
    return !this.left && !this.dismissed;
  }

  /** Notes a command that came; throws where the peer should not have sent it. */
  received(command: PackedCommand): void {
    const name = `${command.kind.toUpperCase()} from ${this.half} ${hex([this.peer])}`;
    if (this.left) throw new Error(`${name} after DISCONNECT`);
    if (command.kind === 'disconnect') this.left = true;
    else if (this.dismissed) return;
    else if (command.kind === 'hello' || command.kind === 'ready') throw new Error(`second ${name}`);
    else if (command.kind === 'credit') this.credit = command.credit;
    else if (this.half === 'client') this.#fromClient(command, name);
    else this.#fromWorker(command, name);
  }

  #fromClient(command: PackedCommand, name: string): void {
    if (command.kind === 'cancel') this.asked.delete(command.id);
    if (command.kind !== 'request') return;
    if (!this.welcomed) throw new Error(`${name} before WELCOME`);
    if (this.asked.has(command.id)) throw new Error(`${name}: ${command.id} is open already`);
    this.asked.add(command.id);
  }

  #fromWorker(command: PackedCommand, name: string): void {
    if (command.kind !== 'partial' && command.kind !== 'final' && command.kind !== 'failure') return;
    const work = this.held.get(command.id);
    if (!work) throw new Error(`${name} to ${command.id}, which it does not hold`);
    if (command.kind !== 'partial') this.held.delete(command.id);
    else if (--work.window < 0) throw new Error(`${name} to ${command.id} beyond its window`);
  }
}

export const keyOf = (peer: Frame): string => Buffer.from(peer).toString('hex');
