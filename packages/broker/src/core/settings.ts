import type { Limits } from '@majordomo/protocol';
import type { Authority } from './access/authority';

/** What the core goes by: the broker's options, resolved. Times in ms, sizes in bytes. */
export interface CoreSettings {
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
  readonly limits: Limits;
  /** Starts every reference, and differs from one run of a broker to the next. */
  readonly referencePrefix: string;
  /** 32 random bits, unknown to clients: of the tables of ids that they choose. */
  readonly idSeed: number;
  /** Who may do what; without, everybody may do everything. */
  readonly authority?: Authority | undefined;
}

/** What the shell knows of the process, for `mmi.broker`. */
export interface About {
  readonly version: string;
  readonly memoryBytes: number;
}
