import type { Client } from '@majordomo/client';
import type { Limits, Logger } from '@majordomo/protocol';
import { judge, type Failure, type Verdict } from '../core/judge';
import { CRON_SERVICE, parseTerms, rulesFor, type Rules, type Terms } from '../core/terms';
import type { Claimed, RequestStore, Settlement } from '../store/store';
import { deliver } from './delivery';
import { leaseOf, lostTooOften, outlived, unreadable } from './endings';
import { fireSchedule } from './fire-schedule';
import { storedFramesMax } from './messages';
import type { RuleBook } from './options';
import { tellFailed, tellFired } from './telling';
import type { TracedDelivery, Tracing } from './tracing';

/** What attempts need. */
export interface AttemptsOptions {
  readonly store: RequestStore;
  readonly client: Client;
  readonly rules: RuleBook;
  readonly bodyBytesMax: number;
  readonly limits: Pick<Limits, 'framesMax'>;
  readonly tracing: Tracing | undefined;
  readonly logger: Logger;
}

/** Where attempts say what came of them. */
export interface AttemptsEvents {
  /** The latest PARTIAL. */
  readonly progress: (claimed: Claimed, packed: Uint8Array) => void;
  /** The end of a claim, and what that says of its service. Resolves once it is written down. */
  readonly settle: (settlement: Settlement, service: string, health: Verdict['health']) => Promise<void>;
}

/** What is done with a request that was claimed, until its end is written down. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #events: AttemptsEvents;

  constructor(options: AttemptsOptions, events: AttemptsEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Delivers a request, or has its schedule fire. @param signal - withdraws the delivery */
  async make(claimed: Claimed, signal: AbortSignal): Promise<void> {
    try {
      await this.#make(claimed, signal);
    } catch (error) {
      await this.#buryUnreadable(claimed, error);
    }
  }

  async #make(claimed: Claimed, signal: AbortSignal): Promise<void> {
    const terms = parseTerms(claimed.terms);
    if (claimed.service === CRON_SERVICE) return this.#fire(claimed, terms);
    const { store, client, bodyBytesMax, limits } = this.#options;
    const rules = rulesFor(terms, this.#options.rules.of(claimed.service));
    if (claimed.attempts > rules.attempts) return this.#lostTooOften(claimed);
    const now = store.now();
    if (claimed.expiresAt !== undefined && claimed.expiresAt <= now) {
      const { id, service, attempts } = claimed;
      tellFailed(this.#options.logger, 'expire', { service, id, attempt: attempts });
      return this.#events.settle(outlived(claimed), service, undefined);
    }
    const { tracing } = this.#options;
    const traced = tracing?.begin(claimed, terms, now);
    const traceparent = traced?.traceparent ?? terms.traceparent;
    const delivered = await deliver(client, {
      claimed,
      terms,
      rules,
      now,
      traceparent,
      replyBytesMax: bodyBytesMax,
      replyFramesMax: storedFramesMax(limits),
      signal,
      progress: (packed) => this.#events.progress(claimed, packed),
    });
    if ('failure' in delivered) return this.#failed(claimed, rules, delivered.failure, traceparent, traced);
    const settlement = { ...leaseOf(claimed), outcome: 'succeed', ...delivered } as const;
    await this.#events.settle(settlement, claimed.service, 'answered');
    traced?.end('succeed');
  }

  async #failed(
    claimed: Claimed,
    rules: Rules,
    failure: Failure,
    traceparent: string | undefined,
    traced: TracedDelivery | undefined,
  ): Promise<void> {
    const { id, service, attempts, expiresAt } = claimed;
    const verdict = judge(failure, { attempts, expiresAt, rules }, this.#options.store.now(), Math.random());
    const { outcome, dueAt, health } = verdict;
    traced?.failed(failure);
    const { code, workerCode, message } = failure;
    const said = { service, id, attempt: attempts, traceparent, code, workerCode, message };
    tellFailed(this.#options.logger, outcome, said);
    const error = JSON.stringify(failure satisfies Failure);
    await this.#events.settle({ ...leaseOf(claimed), outcome, dueAt, error }, service, health);
    traced?.end(outcome);
  }

  #buryUnreadable(claimed: Claimed, error: unknown): Promise<void> {
    const { id, service } = claimed;
    const { logger } = this.#options;
    logger.error(
      { event: 'requestUnreadable', service, id, err: error },
      'a stored request cannot be understood',
    );
    return this.#events.settle(unreadable(claimed, error), service, undefined);
  }

  #lostTooOften(claimed: Claimed): Promise<void> {
    const { id, service, attempts } = claimed;
    tellFailed(this.#options.logger, 'die', { service, id, attempt: attempts, code: 'LEASE_LOST' });
    return this.#events.settle(lostTooOften(claimed), service, undefined);
  }

  #fire(claimed: Claimed, terms: Terms): Promise<void> {
    const firing = fireSchedule(claimed, terms, this.#options.store.now());
    tellFired(this.#options.logger, claimed, terms, firing);
    return this.#events.settle(
      { ...leaseOf(claimed), outcome: 'fire', ...firing },
      claimed.service,
      undefined,
    );
  }
}
