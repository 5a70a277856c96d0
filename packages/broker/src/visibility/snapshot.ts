import type { DialectName } from '@majordomo/protocol';
import type { Incident } from './incidents';
import type { PeerCount } from './peers';
import type { BrokerState } from './subject';
import type { WorkerState } from './worker-state';

/** One service in a {@link Snapshot}. Rates are per second and over the last second, times in ms. */
export interface ServiceSnapshot {
  readonly service: string;
  /** Requests that workers answered or failed at; `null` for services that are not measured for themselves. */
  readonly rate: number | null;
  /** Requests that ended in any other way than by an answer. */
  readonly errorRate: number | null;
  /** From arrival to the worker's last reply, over the last ten seconds; `null` where there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly queued: number;
  readonly oldestMs: number;
  readonly inFlight: number;
  readonly credit: number;
  readonly workers: Readonly<Record<WorkerState, number>>;
  /**
   * The rates of the last minute, a number a second, the latest last. Empty in the events that follow the first one:
   * who watches has them.
   */
  readonly history: readonly number[];
}

/** One worker in a {@link Snapshot}. */
export interface WorkerSnapshot {
  readonly peer: string;
  readonly service: string;
  readonly dialect: DialectName;
  readonly state: WorkerState;
  readonly inFlight: number;
  readonly credit: number;
  /** Since it last said anything, a heartbeat included, in ms. */
  readonly silentMs: number;
  readonly registeredMs: number;
}

/** The broker itself in a {@link Snapshot}. */
export interface BrokerSnapshot {
  readonly version: string;
  readonly state: BrokerState;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reasons: readonly string[];
  readonly endpoints: readonly string[];
  readonly uptimeMs: number;
  /** How long it waits for a word of a peer before that is given up, in ms. */
  readonly silenceMs: number;
  readonly lagMs: number;
  /** CPU time per time: 1 is one core. */
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly heapBytes: number;
  readonly pendingBytes: number;
  /** Requests that ended in the last second. */
  readonly rate: number;
  readonly errorRate: number;
  readonly queued: number;
  readonly inFlight: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly peers: readonly Readonly<PeerCount>[];
}

/** All that is shown of a broker, as of one second. */
export interface Snapshot {
  /** ms since 1970. */
  readonly at: number;
  readonly broker: BrokerSnapshot;
  readonly services: readonly ServiceSnapshot[];
  /** How many services there are; those beyond 2,000 are not listed. */
  readonly servicesTotal: number;
  readonly workers: readonly WorkerSnapshot[];
  /** How many workers there are; those beyond 1,000 are not listed. */
  readonly workersTotal: number;
  /** The latest first. */
  readonly incidents: readonly Incident[];
}
