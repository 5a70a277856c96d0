import { hex, type Frame } from './hex';
import type { WorkerCommand } from './raw-broker';

interface Entry {
  identity: Buffer;
  /** Between READY and a DISCONNECT in either direction. */
  registered: boolean;
  /** Set by the worker's own DISCONNECT. */
  left: boolean;
  /** Client addresses of requests sent and not yet answered, in hex. */
  outstanding: string[];
}

/**
 * What a raw broker remembers of workers: whom to heartbeat, and enough of the order of commands to tell
 * when a worker breaks it. Only what cannot come of messages that crossed on the wire is called broken.
 */
export class WorkerTable {
  readonly #entries = new Map<string, Entry>();

  /** Identities of registered workers. */
  all(): Buffer[] {
    return this.#registered().map(({ identity }) => identity);
  }

  /** Identities of registered workers without a request in hand. */
  idle(): Buffer[] {
    return this.#registered()
      .filter(({ outstanding }) => outstanding.length === 0)
      .map(({ identity }) => identity);
  }

  /** Notes a REQUEST about to be sent. */
  requested(worker: Frame, address: Frame): void {
    this.#entries.get(key(worker))?.outstanding.push(key(address));
  }

  /** Notes a DISCONNECT about to be sent. */
  remove(worker: Frame): void {
    const entry = this.#entries.get(key(worker));
    if (entry !== undefined) entry.registered = false;
  }

  /** Notes a command that arrived; throws when the worker should not have sent it. */
  received({ worker, command, address }: WorkerCommand): void {
    const entry = this.#entries.get(key(worker));
    // A ROUTER's own identities start with a zero byte and are never used twice; a chosen one may come back.
    const sameSocket = worker[0] === 0;
    if (entry?.left === true && sameSocket) {
      throw new Error(`${command.toUpperCase()} from worker ${hex([worker])} after its own DISCONNECT`);
    }
    if (command === 'ready') {
      if (entry !== undefined && sameSocket) throw new Error(`second READY from worker ${hex([worker])}`);
      this.#entries.set(key(worker), { identity: worker, registered: true, left: false, outstanding: [] });
    } else if (command === 'disconnect' && entry !== undefined) {
      entry.registered = false;
      entry.left = true;
    } else if (address !== undefined && entry !== undefined) {
      const index = entry.outstanding.indexOf(key(address));
      if (index < 0) {
        throw new Error(
          `${command.toUpperCase()} from worker ${hex([worker])} to ${hex([address])}, which asked nothing`,
        );
      }
      if (command !== 'partial') entry.outstanding.splice(index, 1);
    }
  }

  #registered(): Entry[] {
    return [...this.#entries.values()].filter(({ registered }) => registered);
  }
}

function key(frame: Frame): string {
  return Buffer.from(frame).toString('hex');
}
