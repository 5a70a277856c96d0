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
export abstract class Watcher {
  brokerStarted(_broker: BrokerRun): void {}
  /** It is over; `gracefully` where it was stopped and not killed. */
  brokerEnded(_broker: BrokerRun, _gracefully: boolean): void {}
  clientSaid(_broker: BrokerRun, _peer: string, _dialect: DialectName, _command: ClientToBroker): void {}
  workerSaid(_broker: BrokerRun, _peer: string, _dialect: DialectName, _command: WorkerToBroker): void {}
  toClient(_broker: BrokerRun, _peer: string, _dialect: DialectName, _command: BrokerToClient): void {}
  toWorker(_broker: BrokerRun, _peer: string, _dialect: DialectName, _command: BrokerToWorker): void {}
  /** The broker heard that a peer is gone. */
  peerLeft(_broker: BrokerRun, _peer: string): void {}
  event(_broker: BrokerRun, _event: BrokerEvent): void {}
  /** A turn of the broker is over, and all that waits has been given away. */
  settled(_broker: BrokerRun): void {}
  /** A client of ours says something on a connection to a broker. */
  clientSent(_client: string, _broker: string, _command: ClientToBroker): void {}
  /** A client of ours did not understand what a broker sent, or had not asked for it. */
  clientRejected(_client: string, _broker: string, _detail: string): void {}
  submitted(_call: AppCall, _now: number): void {}
  partial(_call: AppCall, _body: Body, _now: number): void {}
  /** PARTIALs that wait for the reader of a stream. */
  readerHolds(_call: AppCall, _waiting: number, _max: number): void {}
  /** The application is about to give a call up. */
  aborting(_call: AppCall): void {}
  /** A call has its outcome; `frozenMs` is for how long its client did not run meanwhile. */
  ended(_call: AppCall, _outcome: Outcome, _now: number, _frozenMs: number): void {}
  /** A call whose process was killed: nobody waits for it. */
  abandoned(_number: number): void {}
  clientClosed(_client: string, _pending: number, _sockets: number): void {}
  /** A worker of ours heard a request; it holds so many on that connection then, and told so many at the most. */
  jobStarted(_worker: string, _number: number, _held: number, _credit: number): void {}
  /** A planned fault strikes. */
  fault(_kind: string): void {}
}
