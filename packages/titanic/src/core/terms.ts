import type { BackoffOptions } from '@majordomo/protocol';

/** What a submitter said of a request beside its due time and body; what is left out, its service's rules say. */
export interface Terms {
  /** Attempts in all. */
  readonly attempts?: number | undefined;
  readonly backoffMinMs?: number | undefined;
  readonly backoffMaxMs?: number | undefined;
  /** How long one attempt may take; with `progress`, how long each next message may. */
  readonly timeoutMs?: number | undefined;
  readonly contentType?: string | undefined;
  readonly traceparent?: string | undefined;
  /** True where PARTIALs are progress, not part of the reply. */
  readonly progress?: boolean | undefined;
  readonly cron?: CronTerms | undefined;
  /** The time to live of each request of a schedule. */
  readonly ttlMs?: number | undefined;
  readonly key?: string | undefined;
  /** The schedule that made the request. */
  readonly schedule?: string | undefined;
}

/** A schedule. */
export interface CronTerms {
  readonly pattern: string;
  /** IANA name. Default UTC. */
  readonly timezone: string;
  /** True where occurrences that were missed are made up for one by one. */
  readonly catchUp: boolean;
  /** The service that its requests are for. */
  readonly service: string;
}

/** The service under which schedules stand in a store: they are nobody's work, and have nobody's pace. */
export const CRON_SERVICE = 'titanic.cron';

/** How deliveries to a service go. */
export interface Rules {
  readonly attempts: number;
  readonly backoff: BackoffOptions;
  readonly timeoutMs: number;
}

/** The rules for one request: its own terms before those of its service. */
export function rulesFor(terms: Terms, rules: Rules): Rules {
  const minMs = terms.backoffMinMs ?? rules.backoff.minMs;
  return {
    attempts: terms.attempts ?? rules.attempts,
    backoff: { minMs, maxMs: Math.max(minMs, terms.backoffMaxMs ?? rules.backoff.maxMs) },
    timeoutMs: terms.timeoutMs ?? rules.timeoutMs,
  };
}

/** Terms as a store has them. */
export function parseTerms(text: string | undefined): Terms {
  return text === undefined ? {} : (JSON.parse(text) as Terms);
}

/** Terms for a store; `undefined` where they say nothing. */
export function formatTerms(terms: Terms): string | undefined {
  for (const name in terms) if (terms[name as keyof Terms] !== undefined) return JSON.stringify(terms);
  return undefined;
}
