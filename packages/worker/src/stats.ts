/** What a worker has done since it was made, and what it is doing. */
export interface WorkerStats {
  /** Requests that arrived. Each ends as handled, failed or dropped. */
  readonly requests: number;
  /** Requests whose handler's result was sent. */
  readonly handled: number;
  /** Requests whose handler threw, or gave what cannot be sent. */
  readonly failed: number;
  /** Requests given up before their result was there: cancelled, expired, their broker lost, or the worker closed. */
  readonly dropped: number;
  /** Handlers that run now, those whose result is no longer wanted included. */
  readonly running: number;
  /** Requests that wait for one of the `concurrency` places. */
  readonly waiting: number;
  /** Sessions registered with a broker now: one at each packed broker, up to `concurrency` at each plain one. */
  readonly registered: number;
  /** Connections opened, or tried, beyond the first of each session. */
  readonly reconnects: number;
  /** Messages of brokers that were not understood, or broke the protocol. */
  readonly rejected: number;
  /** Threads that crashed or had to be ended; 0 where the handler runs in the main thread. */
  readonly threadsLost: number;
}

/** The counters behind {@link WorkerStats}. */
export class Counters {
  requests = 0;
  handled = 0;
  failed = 0;
  dropped = 0;
  running = 0;
  reconnects = 0;
  rejected = 0;
  threadsLost = 0;
}
