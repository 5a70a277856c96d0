/** What an audit can find. */
export const FINDINGS = {
  lost: 'a request that was answered 200, or was run, is not in the store',
  twice: 'an entry is in the store twice, and no kill explains it',
  torn: 'a submission is stored in part',
  stray: 'something was stored, run or read that nobody submitted',
  open: 'a request has not ended',
  early: 'a request was delivered before its time',
  undead: 'a request was delivered after its death',
  withdrawn: 'a request was delivered after it was cancelled',
  ended: 'a request ended as it cannot have ended',
  altered: 'what the store holds is not what was submitted',
  unearned: 'a reply that no worker has written for this request',
  double: 'a request has two ends',
  kept: 'a request that was closed is still there',
  key: 'an idempotency key stands for two requests',
  again: 'a request was run again, and nothing explains it',
  uncounted: 'a request was delivered more often than it was claimed',
  disorder: 'a request was not delivered in its turn',
  rushed: 'more was delivered than the pace allows',
} as const;

export type FindingKind = keyof typeof FINDINGS;

/** One thing that must not be. */
export interface Finding {
  readonly kind: FindingKind;
  /** The token of the entry, or the UUID where there is none. */
  readonly id: string;
  /** What is wrong with it, for people. */
  readonly text: string;
}
