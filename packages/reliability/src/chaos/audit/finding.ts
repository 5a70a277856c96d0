/** What an audit can find. */
export const FINDINGS = {
  lost: 'a request that had time and retries enough was not answered',
  hang: 'a request has no outcome at all',
  late: 'a request ended long after its time was up',
  twice: 'a request has two outcomes',
  stray: 'a request was run or answered that nobody made',
  untyped: 'a request failed with an error that has no code',
  unexpected: 'a request ended as it cannot have ended',
  failed: 'a request failed where none may fail',
  foreign: 'a reply holds what was written for another request',
  unearned: 'a reply that no worker has written',
  altered: 'a payload came back other than it was sent',
  incomplete: 'a reply is not whole, or not in order',
  mixed: 'a reply is put together from several runs',
  resent: 'a client sent a request twice that may be sent once only',
  duplicate: 'a request was run twice where none may be',
} as const;

export type FindingKind = keyof typeof FINDINGS;

/** One thing that must not be. */
export interface Finding {
  readonly kind: FindingKind;
  /** The request. */
  readonly id: string;
  /** What is wrong with it, for people. */
  readonly text: string;
}
