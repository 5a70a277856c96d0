import type { Dialect, ParamsOf as ChaosParamsOf } from '../../chaos/parts/params';

/** Where the requests are. */
export type StorePlace =
  { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

/** What is planted into a titanic, so that the audit can be seen to find it. */
export const PLANTS = ['lose', 'early', 'undead', 'again', 'deaf-cancel'] as const;
export type Plant = (typeof PLANTS)[number];

/** Which requests submitters make: of every kind; or all due at one time. */
export type MixName = 'everything' | 'one-time';

/** What a child plays, and with what: its one argument, as JSON. */
export type PartParams =
  | ChaosParamsOf<'broker'>
  | {
      readonly part: 'titanic';
      readonly broker: string;
      readonly store: StorePlace;
      readonly leaseMs: number;
      /** The pace of the service that it delivers to; null for none. */
      readonly pace: { readonly service: string; readonly perSecond: number } | null;
      readonly plant: Plant | null;
    }
  | {
      readonly part: 'worker';
      /** This life, such as `worker-3.2`. */
      readonly life: string;
      readonly service: string;
      readonly broker: string;
      readonly protocol: Dialect;
      readonly concurrency: number;
      readonly workMsMax: number;
      readonly ledger: string;
      readonly seed: number;
    }
  | {
      readonly part: 'submitter';
      readonly life: string;
      readonly service: string;
      readonly broker: string;
      readonly protocol: Dialect;
      /** Through the typed client, or by the three services of RFC 9. */
      readonly by: 'client' | 'rfc9';
      readonly mix: MixName;
      /** When all are due, with `one-time`. */
      readonly dueAt: number;
      /** How far ahead what is for later is due at the most, in ms. */
      readonly laterMsMax: number;
      readonly requests: number;
      /** How many it makes a second, as far as titanic takes them. */
      readonly perSecond: number;
      readonly ledger: string;
      readonly seed: number;
    };

export type ParamsOf<Part extends PartParams['part']> = Extract<PartParams, { part: Part }>;
