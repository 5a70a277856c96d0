import type { MajordomoError, Welcome, WorkerRequest, WorkerToBroker } from '@majordomo/protocol';

/** One request in the hands of a packed session, from REQUEST to its FINAL or FAILURE. */
export interface HeldJob {
  /** What the broker calls it. */
  readonly ref: number;
  /** When its time is up, in ms on the clock of the session; `Infinity` where it has no deadline, or was told already. */
  expiresAt: number;
  /** PARTIALs that may be sent before the broker says WINDOW. */
  window: number;
  /** The next in the same place of the table that it is held in. */
  nextHeld: HeldJob | undefined;
}

/** How a broker broke the protocol, beside messages that are none. */
export type Violation = 'unexpected_request' | 'unexpected_command';

/**
 * All that a packed session does to the world. `startJob`, `abortJob`, `windowOpened`, `registered`, `violated`, `lost`
 * and `closed` come last in a transition, when the state is settled, and may call back into the session; none of the
 * others may.
 */
export interface PackedEffects<Job extends HeldJob> {
  /** Makes a new connection on a new socket; answer with `linkOpened` or `linkClosed`. */
  openLink(): void;
  /**
   * Adds to what leaves next on the open link, in order; report with `flushed` when it has left. READY is the first
   * on a link, and leaves at once and alone.
   */
  send(command: WorkerToBroker): void;
  /**
   * Closes the link, or the try to open one, and never reports on it again; harmless where there is none.
   * With `flush`, what was sent before may still leave; without, nothing more does.
   */
  closeLink(how: { readonly flush: boolean }): void;
  /** Makes the job of a request. */
  makeJob(request: WorkerRequest & { readonly ref: number }, expiresAt: number): Job;
  /** Hands a job to the handler; answer with `partial`, and once with `finish` or `fail`. */
  startJob(job: Job): void;
  /**
   * The result of a job is no longer wanted. After CANCEL and after its deadline the job is still to be ended with
   * `fail`; after a loss or `close` nobody waits for that.
   */
  abortJob(job: Job, reason: MajordomoError): void;
  /** The job may send PARTIALs again. */
  windowOpened(job: Job): void;
  /** WELCOME came. */
  registered(welcome: Welcome): void;
  /** The connection could not be made, or is lost; unless the session was leaving, a new one follows. */
  lost(reason: string): void;
  /** The broker broke the protocol; `lost` follows. */
  violated(how: Violation, detail: string): void;
  /** The session is over: no effect follows. */
  closed(): void;
}
