/** How often peers are heard, and how fast they come back; times in ms. */
export interface Rhythm {
  readonly heartbeatMs: number;
  readonly liveness: number;
  readonly reconnectMaxMs: number;
}

/** What a child plays, and with what: its one argument, as JSON. */
export type PartParams =
  | {
      readonly part: 'broker';
      /** `tcp://127.0.0.1:0` at first, and where it was bound afterwards. */
      readonly bind: string;
      readonly rhythm: Rhythm;
      /** Workers that one request is given to at the most. */
      readonly attemptsMax: number;
      readonly jobDeadlineMs: number;
    }
  | {
      readonly part: 'worker';
      /** This life, such as `worker-3.2`. */
      readonly life: string;
      readonly service: string;
      readonly brokers: readonly string[];
      readonly protocol: Dialect;
      readonly concurrency: number;
      readonly rhythm: Rhythm;
      readonly ledger: string;
    }
  | {
      readonly part: 'client';
      readonly life: string;
      readonly service: string;
      readonly brokers: readonly string[];
      readonly protocol: Dialect;
      readonly rhythm: Rhythm;
      readonly ledger: string;
      readonly seed: number;
      readonly mix: MixName;
      /** Requests without outcome at one time. */
      readonly lanes: number;
      /** The longest pause between two requests of a lane, in ms. */
      readonly pauseMsMax: number;
      /** How long requests that must be answered may take, in ms. */
      readonly patienceMs: number;
    };

export type ParamsOf<Part extends PartParams['part']> = Extract<PartParams, { part: Part }>;

/** What clients and workers speak. */
export type Dialect = 'auto' | 'packed' | 'mdp/0.2' | 'mdp/0.1';

/** The name of a mix of requests, see `calls.ts`. */
export type MixName = 'storm' | 'steady' | 'steady-plain';
