import type {
  BrokerToClient,
  BrokerToWorker,
  Dialect,
  DialectName,
  FailureCode,
  Ref,
  Rejection,
} from '@majordomo/protocol';
import type { Deed } from './access/guard';
import type { PeerId, WorkerLostReason } from './records';
import type { About } from './settings';

/** What happened in the broker. Peers are routing ids in hex; times are in ms. */
export type BrokerEvent =
  | {
      readonly type: 'workerRegistered';
      readonly peer: string;
      readonly service: string;
      readonly dialect: DialectName;
    }
  | {
      readonly type: 'workerLost';
      readonly peer: string;
      readonly service: string;
      readonly reason: WorkerLostReason;
      /** How many requests it held. */
      readonly held: number;
    }
  | {
      readonly type: 'requestRedispatched';
      readonly service: string;
      readonly client: string;
      /**
       * Here and below: the client's number for the request; of plain clients, which have none, the broker's own, or
       * 0 where it was not taken.
       */
      readonly id: number;
      /** The worker that has it now, and under which reference. */
      readonly peer: string;
      readonly ref: Ref;
      /** How many workers have been given it so far. */
      readonly attempts: number;
    }
  | {
      /** It waited for longer than it may, or too long for a service that no worker serves. */
      readonly type: 'requestExpired';
      readonly service: string;
      readonly client: string;
      readonly id: number;
      readonly waitedMs: number;
    }
  | {
      /** It was not taken, or given up: queue full, draining, attempts used up. A plain client is not told. */
      readonly type: 'requestFailed';
      readonly service: string;
      readonly client: string;
      readonly id: number;
      readonly code: FailureCode;
      readonly message: string;
    }
  | {
      /** A worker answered a request whose client is gone or has been told otherwise. */
      readonly type: 'replyDropped';
      readonly peer: string;
      readonly ref: Ref;
      readonly service: string;
      readonly client: string;
      readonly id: number;
    }
  | {
      /** A packed worker answered that it failed. A plain client is not told. */
      readonly type: 'workerFailed';
      readonly peer: string;
      readonly ref: Ref;
      readonly service: string;
      readonly client: string;
      readonly id: number;
      readonly code: string;
      readonly message: string;
    }
  | {
      /** A packed client's session began. */
      readonly type: 'clientWelcomed';
      readonly peer: string;
    }
  | {
      readonly type: 'clientGone';
      readonly peer: string;
      /** Requests withdrawn. */ readonly withdrawn: number;
    }
  | {
      /** A valid command that has no place where it came: it draws DISCONNECT. */
      readonly type: 'protocolError';
      readonly peer: string;
      readonly detail: string;
    }
  | {
      /** The policy does not allow it, or not so much of it. */
      readonly type: 'denied';
      readonly peer: string;
      /** The name of the key, where one was proven. */
      readonly key: string | undefined;
      readonly what: Deed;
      readonly service: string | undefined;
      readonly code: FailureCode;
      readonly reason: string;
    }
  | {
      /** A packed peer has proven which key it holds. */
      readonly type: 'keyProven';
      readonly peer: string;
      readonly key: string;
    }
  | {
      /** A connection was not let in. */
      readonly type: 'connectionRefused';
      readonly address: string;
      readonly mechanism: string;
      /** The role of the endpoint, where it has one. */
      readonly role: string | undefined;
      /** The name of the key, where the policy has it. */
      readonly key: string | undefined;
      readonly reason: string;
    }
  | { readonly type: 'messageRejected'; readonly peer: string; readonly rejection: Rejection };

/** What the core does to the world. Every call returns at once and never calls back into the core. */
export interface Outbound {
  toClient(peer: PeerId, dialect: Dialect, command: BrokerToClient): void;
  toWorker(peer: PeerId, dialect: Dialect, command: BrokerToWorker): void;
  /** A packed session is over: nothing more is said to the peer, unless it begins a new one. */
  ended(peer: PeerId): void;
  /** True where messages pile up for a peer that reads slowly. */
  isCongested(peer: PeerId): boolean;
  event(event: BrokerEvent): void;
  /** Facts about the process that runs the core. */
  about(): About;
}
