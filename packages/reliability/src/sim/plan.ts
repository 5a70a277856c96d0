import type { Protocol } from '@majordomo/protocol';
import type { Work } from './bodies';
import type { Weather } from './network';

/** What a broker of a world is like; times in ms. */
export interface BrokerPlan {
  readonly name: string;
  readonly heartbeatMs: number;
  readonly liveness: number;
  readonly serviceExpiryMs: number;
  readonly jobDeadlineMs: number;
  readonly attemptsMax: number;
  readonly queueMax: number;
  readonly queueBytesMax: number;
  readonly pendingBytesMax: number;
  readonly servicesMax: number;
  readonly workersMax: number;
  readonly clientsMax: number;
  /** Messages that may wait for one peer beyond what the network holds. */
  readonly backlogMax: number;
  readonly turnMs: number;
  /** True where connections that close are noticed by the socket. */
  readonly notices: boolean;
  readonly timersFirst: boolean;
  /** One dialect where it is a broker that knows no other. */
  readonly only: 'mdp/0.1' | 'mdp/0.2' | undefined;
}

export interface ClientPlan {
  readonly name: string;
  readonly protocol: Protocol;
  readonly brokers: readonly string[];
  readonly socketsMax: number;
  readonly pendingMax: number;
  readonly streamBufferMax: number;
  readonly suspectMs: number;
  readonly idleSocketMs: number;
  readonly turnMs: number;
}

export interface WorkerPlan {
  readonly name: string;
  readonly service: string;
  readonly protocol: Protocol;
  readonly brokers: readonly string[];
  readonly concurrency: number;
  readonly turnMs: number;
  /** True where handlers end when they are aborted; else they go on, and answer too late. */
  readonly heedsAbort: boolean;
}

/** One call of a client. */
export interface CallPlan {
  readonly at: number;
  readonly client: string;
  /** Unlike that of any other in the world. */
  readonly number: number;
  readonly service: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly idempotent: boolean;
  readonly stream: boolean;
  readonly priority: number;
  readonly failFast: boolean;
  readonly work: Work;
  readonly bytes: number;
  /** How long the reader of a stream takes over each PARTIAL, in ms. */
  readonly readMs: number;
  /** When it is given up, counted from when it is made; 0 for never. */
  readonly abortMs: number;
}

/** What a scripted peer does, one thing after another. */
export type ForeignKind =
  'worker-0.1' | 'worker-0.2' | 'worker-packed' | 'client-0.1' | 'client-0.2' | 'client-packed' | 'noise';

export interface ForeignPlan {
  readonly name: string;
  readonly kind: ForeignKind;
  readonly broker: string;
  readonly service: string;
  /** True where it has a routing id of its own, and keeps it. */
  readonly fixedId: boolean;
  /** How likely it misbehaves at each step, 0 to 1. */
  readonly malice: number;
  /** Steps that it takes, and how long one takes, in ms. */
  readonly steps: number;
  readonly stepMs: number;
  readonly startAt: number;
}

/** What goes wrong, when, for how long. What it names may not be there: then nothing happens. */
export type FaultPlan =
  | {
      readonly kind: 'crash';
      readonly at: number;
      readonly process: string;
      readonly downMs: number;
      /** True where connections close with it; else the host is gone without a word. */
      readonly noticed: boolean;
    }
  | { readonly kind: 'freeze'; readonly at: number; readonly process: string; readonly forMs: number }
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly peer: string;
      readonly broker: string;
      readonly peerAfterMs: number;
      readonly brokerAfterMs: number;
    }
  | {
      readonly kind: 'partition';
      readonly at: number;
      readonly peer: string;
      readonly broker: string;
      readonly forMs: number;
      readonly lossy: boolean;
    }
  | { readonly kind: 'drain'; readonly at: number; readonly process: string; readonly downMs: number }
  | { readonly kind: 'close'; readonly at: number; readonly process: string; readonly downMs: number }
  | { readonly kind: 'resize'; readonly at: number; readonly process: string; readonly concurrency: number };

/** All that a world is and all that will happen in it, as data: what a run does follows from it alone. */
export interface Plan {
  readonly seed: number;
  /** True where nothing goes wrong and nobody misbehaves. */
  readonly calm: boolean;
  readonly weather: Weather;
  readonly brokers: readonly BrokerPlan[];
  readonly clients: readonly ClientPlan[];
  readonly workers: readonly WorkerPlan[];
  readonly foreign: readonly ForeignPlan[];
  readonly calls: readonly CallPlan[];
  readonly faults: readonly FaultPlan[];
  /** When the last fault is over, in ms. */
  readonly calmAt: number;
  /** How long those who are gone without a word may stay unnoticed after that, in ms. */
  readonly recoverMs: number;
}
