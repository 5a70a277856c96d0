import type { BrokerToClient, BrokerToWorker, ClientToBroker, WorkerToBroker } from './commands';
import type { Frame } from './frame';
import type { Limits } from './limits';
import type { Decoded } from './rejection';

/** The dialects by name, oldest first. */
export const DIALECT_NAMES = ['mdp/0.1', 'mdp/0.2', 'packed'] as const;

/** The name of a dialect, as options and logs have it. */
export type DialectName = (typeof DIALECT_NAMES)[number];

/** One direction of talk between two kinds of peers. */
export interface Channel<Command> {
  /** The frames of a command, or `undefined` where the dialect has no way to say it. */
  encode(command: Command): Frame[] | undefined;
  /** The command in a message; anything foreign is a typed rejection, never an exception. */
  decode(frames: readonly Frame[], limits?: Limits): Decoded<Command>;
}

/** What matters of a dialect to those who know commands only. */
export interface Dialect {
  readonly name: DialectName;
  /** True where a client can be sent PARTIALs; elsewhere they are gathered into the one reply. */
  readonly partials: boolean;
  /** True for MDP/P1: request ids, credit, windows, failures and cancellation can be said. */
  readonly packed: boolean;
}

/** A dialect in which a message is one command: a module of its own, four channels, no state. */
export interface PlainDialect extends Dialect {
  readonly packed: false;
  readonly clientToBroker: Channel<ClientToBroker>;
  readonly brokerToClient: Channel<BrokerToClient>;
  readonly workerToBroker: Channel<WorkerToBroker>;
  readonly brokerToWorker: Channel<BrokerToWorker>;
}
