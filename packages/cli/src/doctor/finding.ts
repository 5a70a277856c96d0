/**
 * - `ok`: as it should be.
 * - `look`: may be meant so, and is worth a look.
 * - `wrong`: something does not work.
 */
export type Verdict = 'ok' | 'look' | 'wrong';

/** What one look at a broker has shown. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly about: string;
  readonly verdict: Verdict;
  /** What was seen. */
  readonly says: string;
  /** What to do about it, where there is something to do. */
  readonly advice?: string;
}

export const ok = (about: string, says: string): Finding => ({ about, verdict: 'ok', says });

export const look = (about: string, says: string, advice: string): Finding => ({
  about,
  verdict: 'look',
  says,
  advice,
});

export const wrong = (about: string, says: string, advice: string): Finding => ({
  about,
  verdict: 'wrong',
  says,
  advice,
});
