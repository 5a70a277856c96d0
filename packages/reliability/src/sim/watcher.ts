import type {
  Body,
  BrokerToClient,
  BrokerToWorker,
  ClientToBroker,
  DialectName,
  MajordomoError,
  WorkerToBroker,
} from '@majordomo/protocol';
import type { BrokerCore } from '../../../broker/src/core/broker-core';
import type { BrokerEvent } from '../../../broker/src/core/outbound';
import type { CallPlan } from './plan';

/** One run of one broker, from its start to its stop or crash. */
export interface BrokerRun {
  readonly name: string;
  readonly core: BrokerCore;
  /** Its own time, in ms. */
  readonly now: number;
}

/** A call as the application sees it. */
export interface AppCall {
  readonly plan: CallPlan;
  readonly number: number;
  readonly client: string;
  /** How long its client's process was frozen before it was made, in ms. */
  readonly frozenBeforeMs: number;
}

/** How a call ended: with its reply, or an error. */
export type Outcome = { readonly body: Body } | { readonly error: MajordomoError };

/**
 * Who looks on: what passes over the wire, what applications see, and what brokers tell of themselves. All of it is
 * there for anybody to see; what cores hold inside is not.
 */
export interface Sight {
  brokerStarted(broker: BrokerRun): void;
  /** It is over; `gracefully` where it was stopped and not killed. */
  brokerEnded(broker: BrokerRun, gracefully: boolean): void;
  clientSaid(broker: BrokerRun, peer: string, dialect: DialectName, command: ClientToBroker): void;
  workerSaid(broker: BrokerRun, peer: string, dialect: DialectName, command: WorkerToBroker): void;
  toClient(broker: BrokerRun, peer: string, dialect: DialectName, command: BrokerToClient): void;
  toWorker(broker: BrokerRun, peer: string, dialect: DialectName, command: BrokerToWorker): void;
  /** The broker heard that a peer is gone. */
  peerLeft(broker: BrokerRun, peer: string): void;
  event(broker: BrokerRun, event: BrokerEvent): void;
  /** A turn of the broker is over, and all that waits has been given away. */
  settled(broker: BrokerRun): void;
  /** A client of ours says something on a connection to a broker. */
  clientSent(client: string, broker: string, command: ClientToBroker): void;
  /** A client of ours did not understand what a broker sent, or had not asked for it. */
  clientRejected(client: string, broker: string, detail: string): void;
  submitted(call: AppCall, now: number): void;
  partial(call: AppCall, body: Body, now: number): void;
  /** PARTIALs that wait for the reader of a stream. */
  readerHolds(call: AppCall, waiting: number, max: number): void;
  /** The application is about to give a call up. */
  aborting(call: AppCall): void;
  /** A call has its outcome; `frozenMs` is for how long its client did not run meanwhile. */
  ended(call: AppCall, outcome: Outcome, now: number, frozenMs: number): void;
  /** A call whose process was killed: nobody waits for it. */
  abandoned(number: number): void;
  clientClosed(client: string, pending: number, sockets: number): void;
  /** A worker of ours heard a request; it holds so many on that connection then, and told so many at the most. */
  jobStarted(worker: string, number: number, held: number, credit: number): void;
  /** A planned fault strikes. */
  fault(kind: string): void;
}

/** Somebody who looks at some of it. */
export type Watcher = Partial<Sight>;

/** All that there is to see. */
export const HOOKS: readonly (keyof Sight)[] = [
  'brokerStarted',
  'brokerEnded',
  'clientSaid',
  'workerSaid',
  'toClient',
  'toWorker',
  'peerLeft',
  'event',
  'settled',
  'clientSent',
  'clientRejected',
  'submitted',
  'partial',
  'readerHolds',
  'aborting',
  'ended',
  'abandoned',
  'clientClosed',
  'jobStarted',
  'fault',
];
