import type { Body, MajordomoError, WorkerToBroker } from '@majordomo/protocol';

/**
 * Names one request in the hands of a worker, unlike any other that its session ever had. The reference
 * that the broker put on the request will not do: brokers that use the client's address there repeat it,
 * and the result of a job given up would then answer the next request of the same client.
 */
export type JobId = number;

/**
 * All that a plain session does to the world. `startJob`, `abortJob`, `registered`, `lost` and `closed` come last in
 * a transition, when the state is settled, and may call back into the session; none of the others may.
 */
export interface SessionEffects {
  /** Makes a new connection on a new socket; answer with `linkOpened` or `linkClosed`. */
  openLink(): void;
  /** Sends on the open link, in order. False where messages pile up and the sender should pause. */
  send(command: WorkerToBroker): boolean;
  /**
   * Closes the link, or the try to open one, and never reports on it again; harmless where there is none.
   * With `flush`, what was sent before may still leave; without, nothing more does.
   */
  closeLink(how: { readonly flush: boolean }): void;
  /** Hands a request to the handler; answer with `partial`, and once with `finish` or `giveBack`. */
  startJob(job: JobId, body: Body): void;
  /** The result of a job is no longer wanted; whatever comes of it will be dropped. */
  abortJob(job: JobId, reason: MajordomoError): void;
  /** READY was sent: to be taken as registered until something says otherwise (RFC 7 and 18). */
  registered(): void;
  /** The connection could not be made, or is lost; unless the session was leaving, a new one follows. */
  lost(reason: string): void;
  /** The broker broke the protocol; `lost` follows. */
  violated(detail: string): void;
  /** The session is over: no effect follows. */
  closed(): void;
}
