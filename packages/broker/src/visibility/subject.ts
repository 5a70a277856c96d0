import type { Counters, RejectionCounts } from '../core/counters';
import type { Meters } from '../core/meters';
import type { ClientRecord, ServiceRecord, WorkerLostReason, WorkerRecord } from '../core/records';
import type { Traffic } from './traffic';

/** Where a broker is in its life. */
export type BrokerState = 'new' | 'starting' | 'running' | 'draining' | 'closed';

/** What the core lets others look at. */
export interface CoreView {
  readonly services: ReadonlyMap<string, ServiceRecord>;
  readonly workers: ReadonlyMap<string, WorkerRecord>;
  readonly clients: Iterable<ClientRecord>;
  readonly counters: Readonly<Counters>;
  readonly rejections: Readonly<RejectionCounts>;
  readonly meters?: Meters | undefined;
  readonly pendingBytes: number;
  readonly retainedBytes: number;
  readonly startedAt: number;
}

/** What a process has in memory, in bytes, as Node has it. The dashboard's script, which is no Node, reads this file too. */
export interface MemoryUsage {
  readonly rss: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
}

/** What a broker says of itself beside its core. */
export interface BrokerFacts {
  readonly version: string;
  readonly state: BrokerState;
  readonly endpoints: readonly string[];
  /** The broker's own clock, in ms; see `Clock`. */
  now(): number;
  memory(): MemoryUsage;
}

/** A broker as those see it who show it: everything is as it is at the moment of looking. */
export interface Subject {
  readonly core: CoreView;
  readonly facts: BrokerFacts;
  readonly received: Traffic;
  readonly sent: Traffic;
  /** Sessions of workers that ended, by reason. */
  readonly lost: Readonly<Record<WorkerLostReason, number>>;
}
