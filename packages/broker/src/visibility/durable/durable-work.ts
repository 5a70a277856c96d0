import { z } from 'zod';

/** What a durable request is: one that waits is `scheduled` before its time, `retrying` between attempts, else `due`. */
export const DURABLE_STATES = [
  'scheduled',
  'due',
  'retrying',
  'running',
  'done',
  'dead',
  'expired',
  'cancelled',
] as const;
export type DurableState = (typeof DURABLE_STATES)[number];

/** A durable request as it stands. Times in ms since 1970. */
export interface DurableRequest {
  readonly id: string;
  readonly state: DurableState;
  readonly service: string;
  /** 0–9, the higher first. */
  readonly priority: number;
  /** When it is due, or was, or when it is tried again. */
  readonly dueAt: number;
  readonly expiresAt?: number | undefined;
  readonly submittedAt: number;
  readonly endedAt?: number | undefined;
  readonly attempts: number;
  /** Of body and reply. */
  readonly bytes: number;
  /** Who has it in hand. */
  readonly owner?: string | undefined;
  /** Its idempotency key. */
  readonly key?: string | undefined;
  /** Of a schedule. */
  readonly cron?: { readonly pattern: string; readonly timezone: string } | undefined;
  /** The schedule that made it. */
  readonly schedule?: string | undefined;
  /** The last failure. */
  readonly error?:
    { readonly code: string; readonly message: string; readonly workerCode?: string | undefined } | undefined;
  /** The latest that its worker said of its progress; of a single request only. */
  readonly progress?: string | undefined;
}

/** How much there is. */
export interface DurableCounts {
  /** By service and state, `waiting` for all that waits. */
  readonly services: readonly {
    readonly service: string;
    readonly state: string;
    readonly requests: number;
    readonly bytes: number;
  }[];
  /** What waits, by service; `isMore` where not all was counted. */
  readonly backlog: readonly {
    readonly service: string;
    readonly due: number;
    readonly retrying: number;
    readonly oldestDueAt?: number | undefined;
    readonly isMore: boolean;
  }[];
}

/** Which requests to list: without `state`, of any. */
export interface DurableQuery {
  readonly state?: DurableState | undefined;
  readonly service?: string | undefined;
  /** What the id begins with, in hex. */
  readonly idPrefix?: string | undefined;
  /** Part of the service's name. */
  readonly search?: string | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** One page. It may be empty and not be the last: a search looks at so many requests at a time. */
export interface DurablePage {
  readonly requests: readonly DurableRequest[];
  readonly next?: string | undefined;
}

/**
 * - `cancel`, `reschedule`: a request that has not been claimed.
 * - `retry`, `purge`: a dead letter, all of one service, or all.
 */
export type DurableAction =
  | { readonly action: 'cancel' | 'retry' | 'purge'; readonly id: string }
  /** `at` in ms since 1970. */
  | { readonly action: 'reschedule'; readonly id: string; readonly at: number }
  | { readonly action: 'retry' | 'purge'; readonly service: string }
  | { readonly action: 'retry' | 'purge'; readonly all: true };

/**
 * Durable work, as far as the dashboard shows it. The broker knows no titanic: whoever starts both hands this in. All
 * of it may be called often; what rejects with an error of ours is shown with its code and message.
 */
export interface DurableWork {
  stats(): Promise<DurableCounts>;
  list(query: DurableQuery): Promise<DurablePage>;
  /** Rejects with REQUEST_UNKNOWN where there is no such request. */
  get(id: string): Promise<DurableRequest>;
  /** Rejects with REQUEST_TAKEN where the state of the request does not allow it. @returns how many it was done to */
  act(action: DurableAction): Promise<number>;
}

const METHODS = ['stats', 'list', 'get', 'act'] as const;

function isDurableWork(value: unknown): value is DurableWork {
  if (typeof value !== 'object' || value === null) return false;
  return METHODS.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}

/** Durable work as an option. */
export const durableWorkSchema = z.custom<DurableWork>(
  isDurableWork,
  `should have the methods ${METHODS.join(', ')}`,
);
