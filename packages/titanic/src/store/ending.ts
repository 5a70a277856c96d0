import type { LifeEvent } from '../core/lifecycle';
import type { NewRequest, Settlement } from './store';

/** What a settlement changes in the row. */
export interface Ending {
  readonly event: LifeEvent;
  readonly dueAt?: number;
  readonly error?: string | undefined;
  /** Added to the count of attempts. */
  readonly attempts?: number;
  readonly reply?: Uint8Array;
  readonly replyType?: string | undefined;
}

/** What is written of a request whose titanic was lost with it. */
export const LEASE_LOST = JSON.stringify({
  code: 'LEASE_LOST',
  message: 'The titanic that had it in hand was lost. It may have been done.',
});

/** What a settlement comes to. A schedule that has no next time is done. */
export function endingOf(settlement: Settlement): Ending {
  switch (settlement.outcome) {
    case 'succeed':
      return { event: 'succeed', reply: settlement.reply, replyType: settlement.replyType };
    case 'retry':
      return { event: 'retry', dueAt: settlement.dueAt, error: settlement.error };
    case 'release':
      return { event: 'release', error: settlement.error, attempts: -1 };
    case 'die':
      return { event: 'die', error: settlement.error };
    case 'expire':
      return { event: 'expire', error: settlement.error };
    case 'fire':
      if (settlement.dueAt === undefined) return { event: 'succeed' };
      return { event: 'fire', dueAt: settlement.dueAt, attempts: -1 };
  }
}

/** The requests that schedules among these would add. */
export function firedBy(settlements: readonly Settlement[]): NewRequest[] {
  return settlements.flatMap((settlement) => (settlement.outcome === 'fire' ? settlement.requests : []));
}
