import type { MajordomoError } from '@majordomo/protocol';
import type { State, WaitingPhase } from '../core/lifecycle';
import type { Health, Pace } from '../core/pace';
import type { Retention } from '../core/retention';

/** A request for a store, complete and validated. Times are ms since 1970, UTC. */
export interface NewRequest {
  /** 32 hex characters, lower case. Submitted once more, it is the same request. */
  readonly id: string;
  readonly service: string;
  /** Frames, packed: see core/frames. Memory of its own, not a view into more. */
  readonly body: Uint8Array;
  /** 0–9, the higher first. */
  readonly priority: number;
  readonly dueAt: number;
  readonly expiresAt: number | undefined;
  /** What else the submitter said, as JSON that the store does not read. */
  readonly terms: string | undefined;
  /** The idempotency key, of its service, and until when it stands for this request. */
  readonly key: { readonly text: string; readonly until: number } | undefined;
}

/** What became of a request that was submitted. */
export interface Submitted {
  /** Its own id, or that of the request which its key stands for. */
  readonly id: string;
  /** True where it was there before: the id or the key was known, and nothing was added. */
  readonly duplicate: boolean;
}

/** Which requests a titanic would claim, and how fast. */
export interface ClaimOrder {
  /** Who claims, for people to read. */
  readonly owner: string;
  readonly max: number;
  /** Bytes of bodies at which no more are claimed; one request is, however large. */
  readonly bytesMax: number;
  /** How long they are the claimant's own, unless it renews. */
  readonly leaseMs: number;
  /** The pace of services that have one of their own. */
  readonly paces: ReadonlyMap<string, Pace>;
  /** The pace of each of the others. */
  readonly pace: Pace | undefined;
  /** How long before its pace lets it leave a request may be claimed, in ms; 0 for no sooner. */
  readonly aheadMs: number;
}

/** The right to end a request. */
export interface Lease {
  readonly id: string;
  /** Goes up with every claim of the request: a lease of an earlier claim is void. */
  readonly token: number;
}

/** A request in hand. */
export interface Claimed extends Lease {
  readonly service: string;
  readonly body: Uint8Array;
  readonly priority: number;
  readonly dueAt: number;
  readonly expiresAt: number | undefined;
  readonly submittedAt: number;
  /** Claims that may have led to a delivery, this one included. */
  readonly attempts: number;
  readonly terms: string | undefined;
  /** The failure before this attempt, as JSON. */
  readonly error: string | undefined;
  /** When its pace lets it leave, in ms: later than now where it was claimed ahead. */
  readonly leavesAt: number;
}

/** The outcome of {@link RequestStore.claim}. */
export interface Claims {
  readonly claimed: readonly Claimed[];
  /** When there may be more to claim, in ms; `Infinity` where only an event can tell. */
  readonly nextAt: number;
  /**
   * True where something due may wait for a request in hand to end: there was no more place in the order, or its service
   * may have no more in hand. False where the end of one changes nothing.
   */
  readonly isEndAwaited: boolean;
  /** The services of what was expired instead, one entry each. */
  readonly expired: readonly string[];
  /** The services of what a lost titanic had in hand and waits again, one entry each. */
  readonly regained: readonly string[];
  /** Services that have something due, and may not be given more for now: their pace or a pause says so. */
  readonly held: readonly string[];
}

/** A lease to be renewed. */
export interface Renewal extends Lease {
  /** The latest PARTIAL, packed, where there is a new one. */
  readonly progress: Uint8Array | undefined;
}

/** How a claim ended. Errors are JSON that the store does not read. */
export type Settlement = Lease &
  (
    | { readonly outcome: 'succeed'; readonly reply: Uint8Array; readonly replyType: string | undefined }
    | { readonly outcome: 'retry'; readonly dueAt: number; readonly error: string }
    /** It did not happen: the attempt does not count, its turn stays. */
    | { readonly outcome: 'release'; readonly error: string | undefined }
    | { readonly outcome: 'die'; readonly error: string }
    | { readonly outcome: 'expire'; readonly error: string | undefined }
    /** A schedule: adds requests, and waits for `dueAt`, or is done where there is none. */
    | {
        readonly outcome: 'fire';
        readonly requests: readonly NewRequest[];
        readonly dueAt: number | undefined;
      }
  );

/** How deliveries to a service went: what its pauses are made of. */
export interface ServiceHealth extends Health {
  readonly service: string;
}

/** A change to one request. Where its due time moves, its time to live moves with it. */
export type Change = { readonly id: string } & (
  | { readonly change: 'cancel' }
  | { readonly change: 'move'; readonly dueAt: number }
  | {
      readonly change: 'edit';
      readonly body?: Uint8Array | undefined;
      readonly priority?: number | undefined;
      readonly dueAt?: number | undefined;
      /** From the due time on, in ms; `null` takes it away. */
      readonly ttlMs?: number | null | undefined;
      /** A JSON object whose members replace those of the terms; `null` takes one away. */
      readonly terms?: string | undefined;
    }
  /** A dead letter waits again, with all its attempts, for `dueAt`, and without a time to live. */
  | { readonly change: 'revive'; readonly dueAt: number }
);

/** What became of a change: done; there is no such request; or its state does not allow it. */
export type Changed =
  | { readonly result: 'changed' }
  | { readonly result: 'unknown' }
  | { readonly result: 'refused'; readonly state: State };

/** A request as it stands. */
export interface StoredRequest {
  readonly id: string;
  readonly state: State;
  readonly service: string;
  readonly priority: number;
  readonly dueAt: number;
  readonly expiresAt: number | undefined;
  readonly submittedAt: number;
  readonly endedAt: number | undefined;
  readonly attempts: number;
  /** Of body and reply. */
  readonly bytes: number;
  /** Who has it in hand. */
  readonly owner: string | undefined;
  readonly terms: string | undefined;
  readonly error: string | undefined;
}

/** A request with what was asked for of it. */
export interface StoredWhole extends StoredRequest {
  readonly body: Uint8Array | undefined;
  readonly reply: Uint8Array | undefined;
  readonly replyType: string | undefined;
  readonly progress: Uint8Array | undefined;
}

/** The parts of a request that may be large. */
export type Part = 'body' | 'reply' | 'progress';

/**
 * Which requests to list. The latest first: by their end where one state of the ended ones is asked for, else by
 * submission. `scheduled`, `due` and `retrying` are in their turn instead: by service, then as they are claimed, and
 * `retrying` by when they are tried again. With the beginning of an id, by id.
 */
export interface ListQuery {
  readonly state?: State | WaitingPhase | undefined;
  readonly service?: string | undefined;
  /** What the id begins with: 1–32 hex characters, lower case. */
  readonly idPrefix?: string | undefined;
  /** Part of the id or of the service's name. */
  readonly search?: string | undefined;
  /** 1–1,000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** One page. It may hold less than `limit`, even nothing, and still not be the last: a search looks at so many at a time. */
export interface ListPage {
  readonly requests: readonly StoredRequest[];
  /** For the next page; `undefined` at the end. */
  readonly next: string | undefined;
}

/** How much there is, per service and state. */
export interface StoreCount {
  readonly service: string;
  readonly state: State;
  readonly requests: number;
  /** Of bodies and replies. */
  readonly bytes: number;
}

/** What waits for one service. */
export interface Backlog {
  readonly service: string;
  /** Requests whose time has come, and that have not been tried. */
  readonly due: number;
  /** Requests that wait for another attempt. */
  readonly retrying: number;
  /** When the first of those whose time has come was due, in ms; `undefined` where there is none. */
  readonly oldestDueAt: number | undefined;
  /** True where there are more than {@link BACKLOG_MAX} of either: they were not all counted. */
  readonly isMore: boolean;
}

/** What a store tells those who wait. Events come after the commit, and may come twice, but not from before it. */
export interface StoreEvents {
  /** There may be something to claim from `at` on, in ms: something was submitted, moved, given back. */
  readonly due?: (at: number) => void;
  /** These have ended, or are gone. */
  readonly ended?: (ids: readonly string[]) => void;
  /** Others may have ended some that nobody told of: whoever waits for one should look. */
  readonly missed?: () => void;
  /** The store is lost for good: from now on, every call rejects. One that may come back says nothing. */
  readonly lost?: (error: MajordomoError) => void;
  /** So many operations that were asked for together shared one commit. */
  readonly committed?: (operations: number) => void;
}

/**
 * Where durable requests are: the one copy of the truth. What a method resolves with is on disk by then. Each call is
 * done whole or, where it rejects, not at all; calls that come together may share a commit. Times are those of `now()`.
 *
 * A request is in the hands of at most one claimant: who holds the lease of the latest claim. What any other says of
 * it has no effect.
 *
 * Rejections: StoreFullError, StoreUnavailableError, and ClosedError after `close()`.
 */
export interface RequestStore {
  /** The time by which requests are due, expire and are leased, in ms. */
  now(): number;

  /** Adds requests, all or none. */
  submit(requests: readonly NewRequest[]): Promise<Submitted[]>;

  /**
   * Claims what is due: within a service, the highest priority first, then the earliest due; between services, in fair
   * shares. What has outlived its time to live is expired instead, and what a lost titanic had in hand is to be had
   * again.
   */
  claim(order: ClaimOrder): Promise<Claims>;

  /** Renews leases, and keeps progress. Resolves with the leases that are void. */
  renew(renewals: readonly Renewal[], leaseMs: number): Promise<Lease[]>;

  /**
   * Ends claims, and takes note of how services fare. Where schedules would add more than there is room for, nothing
   * of it is done.
   * @returns for each settlement, in order, whether it took effect; false where the lease is void
   */
  settle(settlements: readonly Settlement[], health: readonly ServiceHealth[]): Promise<boolean[]>;

  /** Requests as they stand, in order; `undefined` for those that there are not. */
  read(ids: readonly string[], parts: readonly Part[]): Promise<(StoredWhole | undefined)[]>;

  list(query: ListQuery): Promise<ListPage>;

  /** Makes changes, each by itself. */
  change(changes: readonly Change[]): Promise<Changed[]>;

  /**
   * Removes requests: what was in hand loses its lease. Idempotency keys stay.
   * @param only - the state that they are in; others stay. Default: whatever their state
   * @returns how many there were
   */
  remove(ids: readonly string[], only?: State): Promise<number>;

  /**
   * Removes some of what is to be kept no longer: ended requests, keys past their window, paces of idle services.
   * @returns how many requests, and whether to call again
   */
  purge(retention: Retention): Promise<{ readonly removed: number; readonly more: boolean }>;

  stats(): Promise<StoreCount[]>;

  /** What waits, of up to {@link BACKLOG_SERVICES_MAX} services: counted in an index, and no further than there is need. */
  backlog(): Promise<Backlog[]>;

  /** Tells of events until the returned function is called. */
  subscribe(events: StoreEvents): () => void;

  /** Finishes what was asked for, and closes. */
  close(): Promise<void>;
}

/** Bytes of progress that are kept of one request; a larger PARTIAL is not kept. */
export const PROGRESS_BYTES_MAX = 64 * 1_024;

/** Requests of one service that a backlog counts, of either kind. */
export const BACKLOG_MAX = 10_000;

/** Services in one backlog. */
export const BACKLOG_SERVICES_MAX = 1_000;

/** Rows that one step of a claim, a purge or a search looks at, so that none holds up the others. */
export const STEP_ROWS_MAX = 1_000;

/** A lease that ends later than this from now was given by a clock that has gone back since, and is void. */
export const LEASE_MS_MAX = 3_600_000;
