import type { Failure } from '../core/judge';
import type { Claimed, Lease, Settlement } from '../store/store';

/** The right to end a request that was claimed. */
export const leaseOf = ({ id, token }: Claimed): Lease => ({ id, token });

/** The end of a request whose row cannot be made sense of: nobody else could either. */
export function unreadable(claimed: Claimed, error: unknown): Settlement {
  const failure: Failure = {
    code: 'FAILED',
    message: `It cannot be understood as it is stored: ${String(error)}`,
  };
  return { ...leaseOf(claimed), outcome: 'die', error: JSON.stringify(failure) };
}

/** The end of a request whose titanics were lost with it, each time. */
export function lostTooOften(claimed: Claimed): Settlement {
  const failure = { code: 'LEASE_LOST', message: 'Every titanic that had it in hand was lost with it.' };
  return { ...leaseOf(claimed), outcome: 'die', error: claimed.error ?? JSON.stringify(failure) };
}

/** The end of a request that has outlived its time to live since it was claimed. */
export function outlived(claimed: Claimed): Settlement {
  return { ...leaseOf(claimed), outcome: 'expire', error: undefined };
}
