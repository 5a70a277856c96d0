import type { Rejection } from '@majordomo/protocol';
import { EventEmitter } from 'node:events';

/** A message of a broker that was not taken. */
export interface WorkerRejection {
  /**
   * A reason of the decoder's; `unexpected_request`: a REQUEST beyond what the worker takes at once, or with a
   * reference that it has in hand; or `unexpected_command`: any other that has no place where it came.
   */
  readonly reason: Rejection['reason'] | 'unexpected_request' | 'unexpected_command';
  readonly detail: string;
}

/** What a worker tells its listeners. */
export interface WorkerEvents {
  /** The first of the sessions with this broker is registered. */
  registered: { readonly broker: string };
  /** The last of the sessions with this broker is gone, for a reason of the broker's or the network's. */
  lost: { readonly broker: string; readonly reason: string };
  /** A handler threw, or gave what cannot be sent. */
  requestFailed: { readonly broker: string; readonly error: unknown };
  /**
   * The event loop stood still for longer than the heartbeat interval, at least for so many ms: brokers that hear
   * nothing for several intervals give the worker up. Told once for blocks that follow each other.
   */
  loopBlocked: { readonly blockedMs: number };
  /**
   * A thread of a worker with `handlerFile` is gone, and another takes its place: it `crashed`, or was `terminated`
   * because its handler went on for longer than `abortGraceMs` after its signal had fired.
   */
  threadLost: { readonly why: 'crashed' | 'terminated'; readonly error?: unknown };
  /** A message of a broker was not understood, or broke the protocol. */
  rejected: { readonly broker: string; readonly rejection: WorkerRejection };
}

/** A listener of one kind of event. */
export type WorkerListener<Name extends keyof WorkerEvents> = (event: WorkerEvents[Name]) => void;

/** Typed events. A listener that throws ends up as an uncaught exception, not in the middle of a session. */
export class Events {
  readonly #emitter = new EventEmitter();

  on<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): void {
    this.#emitter.on(name, listener);
  }

  once<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): void {
    this.#emitter.once(name, listener);
  }

  off<Name extends keyof WorkerEvents>(name: Name, listener: WorkerListener<Name>): void {
    this.#emitter.off(name, listener);
  }

  emit<Name extends keyof WorkerEvents>(name: Name, event: WorkerEvents[Name]): void {
    try {
      this.#emitter.emit(name, event);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
