import type { Said as ChaosSaid } from '../../chaos/parts/messages';
import type { Playing } from '../../processes/child';

/** What a titanic can be killed in the middle of: a call of its store, and where in it. */
export const STORE_CALLS = ['submit', 'claim', 'settle', 'renew', 'change', 'remove'] as const;
export const MOMENTS = ['before', 'during', 'after'] as const;
/** What a worker can be killed in the middle of: it has begun; it is done, and nobody knows yet. */
export const RUN_STEPS = ['begun', 'done'] as const;
export type StoreCall = (typeof STORE_CALLS)[number];
export type RunStep = (typeof RUN_STEPS)[number];

/** Where a process is to kill itself by SIGKILL. */
export type Death =
  | {
      readonly call: StoreCall;
      readonly moment: (typeof MOMENTS)[number];
      /** How many such calls it outlives. */
      readonly spared: number;
      /** With `during`, how long after the call has begun, in ms. */
      readonly afterMs: number;
    }
  | { readonly run: RunStep; readonly spared: number };

/** What children say to their parent. */
export type Said =
  | ChaosSaid
  /** Entries of a submitter that have an outcome. */
  | { readonly kind: 'progress'; readonly made: number };

/** What their parent says to them. */
export interface Told {
  readonly kind: 'die';
  readonly death: Death;
}

/** A part that plays. */
export type RunningPart = Playing<Told>;

export type Say = (said: Said) => void;
