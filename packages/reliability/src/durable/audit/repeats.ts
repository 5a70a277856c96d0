import { idsOf, isClosed, killBetween, type Book, type Run, type Story } from './book';
import type { Finding } from './finding';

/** Why a request was run again. */
export const CAUSES = [
  'its worker failed, as it should',
  'its worker was killed',
  'the broker was killed',
  'titanic was killed',
  'PostgreSQL was killed',
  'its attempt took too long',
  'it was stored twice',
] as const;
export type Cause = (typeof CAUSES)[number];

/** What explains a run again. */
export interface RepeatRules {
  /** How long one attempt may take, in ms. */
  readonly attemptMs: number;
}

/** How long a request may be on its way between claim and run, in ms: a kill in that time may be why it was run again. */
const ON_THE_WAY_MS = 500;

/** Is all that was run again explained, and not run more often than it was claimed? */
export function auditRepeats(book: Book, rules: RepeatRules): Finding[] {
  const found: Finding[] = [];
  for (const story of book.stories.values()) {
    const { entry, runs } = story;
    for (const [index, run] of runs.entries()) {
      const before = runs[index - 1];
      if (!before || causeOf(book, story, before, run, rules)) continue;
      found.push({
        kind: 'again',
        id: entry.token,
        text: `${run.run}, ${run.at - before.at} ms after ${before.run}`,
      });
    }
    const claims = story.rows.reduce((sum, { attempts }) => sum + attempts, 0);
    const deliveries = runs.filter(({ attempt }) => attempt === 1).length;
    if (story.rows.length > 0 && !isClosed(book, story) && deliveries > claims) {
      found.push({ kind: 'uncounted', id: entry.token, text: `${deliveries} deliveries, ${claims} claims` });
    }
  }
  return found;
}

/** Why a request was run once more after a run of it; `undefined` where nothing explains it. */
function causeOf(
  book: Book,
  story: Story,
  before: Run,
  run: Run,
  { attemptMs }: RepeatRules,
): Cause | undefined {
  if (before.failedAt !== undefined && before.failedAt <= run.at) return 'its worker failed, as it should';
  const from = before.at - ON_THE_WAY_MS;
  const death = book.kills.find(({ life }) => life === before.life);
  if (death && death.at >= before.at && death.from <= run.at) return 'its worker was killed';
  const kill = killBetween(book, ['broker', 'titanic', 'postgres'], from, run.at);
  if (kill?.victim === 'broker') return 'the broker was killed';
  if (kill?.victim === 'titanic') return 'titanic was killed';
  if (kill?.victim === 'postgres') return 'PostgreSQL was killed';
  if (idsOf(story).length > 1) return 'it was stored twice';
  return run.at - before.at >= attemptMs ? 'its attempt took too long' : undefined;
}

/** How much was run more than once, and why. */
export interface RepeatCounts {
  readonly requests: number;
  readonly runs: number;
  /** Runs by cause. */
  readonly causes: Readonly<Partial<Record<Cause | 'unexplained', number>>>;
}

export function countRepeats(book: Book, rules: RepeatRules): RepeatCounts {
  const causes: Partial<Record<Cause | 'unexplained', number>> = {};
  let requests = 0;
  let runs = 0;
  for (const story of book.stories.values()) {
    if (story.runs.length > 1) requests++;
    for (const [index, run] of story.runs.entries()) {
      const before = story.runs[index - 1];
      if (!before) continue;
      runs++;
      const cause = causeOf(book, story, before, run, rules) ?? 'unexplained';
      causes[cause] = (causes[cause] ?? 0) + 1;
    }
  }
  return { requests, runs, causes };
}
