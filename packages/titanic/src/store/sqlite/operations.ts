import type { State } from '../../core/lifecycle';
import type { Retention } from '../../core/retention';
import type {
  Backlog,
  Change,
  Changed,
  Claims,
  ClaimOrder,
  Lease,
  ListPage,
  ListQuery,
  NewRequest,
  Part,
  Renewal,
  ServiceHealth,
  Settlement,
  StoreCount,
  StoredWhole,
  Submitted,
} from '../store';

/** What can be asked of the engine: the names of the operations, what they take, what they give. Plain data, to be cloned. */
export interface Operations {
  submit: { takes: readonly [requests: readonly NewRequest[]]; gives: Submitted[] };
  claim: { takes: readonly [order: ClaimOrder]; gives: Claims };
  renew: { takes: readonly [renewals: readonly Renewal[], leaseMs: number]; gives: Lease[] };
  settle: {
    takes: readonly [settlements: readonly Settlement[], health: readonly ServiceHealth[]];
    gives: boolean[];
  };
  read: {
    takes: readonly [ids: readonly string[], parts: readonly Part[]];
    gives: (StoredWhole | undefined)[];
  };
  list: { takes: readonly [query: ListQuery]; gives: ListPage };
  change: { takes: readonly [changes: readonly Change[]]; gives: Changed[] };
  remove: { takes: readonly [ids: readonly string[], only?: State]; gives: number };
  purge: { takes: readonly [retention: Retention]; gives: { removed: number; more: boolean } };
  stats: { takes: readonly []; gives: StoreCount[] };
  backlog: { takes: readonly []; gives: Backlog[] };
}

export type OperationName = keyof Operations;

/** One operation that was asked for. */
export type Operation = {
  [Name in OperationName]: { readonly name: Name; readonly takes: Operations[Name]['takes'] };
}[OperationName];

/** An error on its way out of the thread: classes do not survive the way. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** What came of one operation. */
export type Outcome = { readonly gives: unknown } | { readonly fault: Fault };

/** What came of operations that were asked for together. */
export interface GroupOutcome {
  /** In the order in which they were asked for. */
  readonly outcomes: readonly Outcome[];
  /** Requests that ended, or are gone. */
  readonly ended: readonly string[];
  /** The earliest time from which there may be more to claim, in ms. */
  readonly dueAt: number;
}
