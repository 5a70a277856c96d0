import type { BrokerOptions } from '@majordomo/broker';
import type { DialectName } from '@majordomo/protocol';
import type { Latency } from '../latencies';

/** What a child process plays, and with what. */
export type PartParams =
  | { readonly part: 'broker'; readonly options: BrokerOptions }
  | {
      readonly part: 'worker';
      readonly endpoint: string;
      readonly service: string;
      readonly concurrency: number;
      /** How long one request takes, in ms. */
      readonly workMs: number;
      readonly replyBytes: number;
    }
  | {
      /** One call at a time; `serves` where it has a worker of its own for it. */
      readonly part: 'meek';
      readonly endpoint: string;
      readonly service: string;
      readonly protocol: DialectName;
      readonly serves: boolean;
    }
  | {
      /** Requests at a rate, whether they are answered or not. */
      readonly part: 'flood';
      readonly endpoint: string;
      readonly service: string;
      readonly dialect: 'packed' | 'mdp/0.2';
      readonly perSecond: number;
      readonly bytes: number;
    }
  | {
      readonly part: 'offender';
      readonly endpoint: string;
      readonly kind: OffenderKind;
      readonly count: number;
    };

/** What an offender does. */
export type OffenderKind =
  | 'deaf-client'
  | 'deaf-plain-client'
  | 'deaf-worker'
  | 'one-byte-messages'
  | 'endless-message'
  | 'silent'
  | 'silent-tcp'
  | 'workers'
  | 'services'
  | 'mmi';

/** What a broker's process says of itself. */
export interface BrokerStats {
  readonly rssBytes: number;
  /** The highest since the last time it was asked. */
  readonly peakRssBytes: number;
  readonly services: number;
  readonly workers: number;
  readonly clients: number;
  readonly queued: number;
  readonly inFlight: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly rejections: Readonly<Record<string, number>>;
  /** Peers cut off because they did not read, and when the first was, in ms of the clock of this machine. */
  readonly stalled: number;
  readonly firstStalledAt: number | undefined;
  /** Failures told to clients, by code. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What a meek client has seen since the last time it was asked. */
export interface MeekStats {
  readonly latency: Latency;
  /** Calls that failed, by code. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What a flood has seen since the last time it was asked. */
export interface FloodStats {
  readonly offered: number;
  readonly answered: number;
  /** How long it took to be refused; nothing of a plain one, which is not told. */
  readonly refused: Latency;
  readonly failures: Readonly<Record<string, number>>;
}

/** What an offender has done. */
export interface OffenderStats {
  /** Connections that stand. */
  readonly open: number;
  /** Connections that the broker closed, and when the first was, in ms of the clock of this machine. */
  readonly closed: number;
  readonly firstClosedAt: number | undefined;
  /** Messages, requests or connections, as it goes. */
  readonly sent: number;
  /** What it was sent; 0 of one that does not read. */
  readonly heard: number;
  /** DISCONNECTs among those. */
  readonly refused: number;
  /** Why it did less than it was to, in words. */
  readonly shortfall: string | undefined;
}

/** A part that is played: what it can be asked. */
export interface Playing<Stats> {
  /** Where the others find it, of a broker. */
  readonly endpoint?: string;
  stats(): Stats;
}

/** What a part of a kind tells. */
export interface StatsOf {
  readonly broker: BrokerStats;
  readonly worker: object;
  readonly meek: MeekStats;
  readonly flood: FloodStats;
  readonly offender: OffenderStats;
}

/** Counts by name. */
export class Tally {
  #counts: Record<string, number> = {};

  add(name: string, count = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + count;
  }

  /** The counts so far; what comes next counts anew. */
  take(): Record<string, number> {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }
}
