import type { Book, Run, Story } from './book';
import type { Finding } from './finding';

/** What is promised of requests that are all due at one time. */
export interface TurnRules {
  /** Places in the order by which a request may be too early or too late: what is on its way at one time. */
  readonly placesMax: number;
  /** The pace of the service. */
  readonly perSecond: number;
  readonly burst: number;
  /** Over which time the pace is looked at, in ms. */
  readonly windowMs: number;
  /** By how much the time on the way differs from one request to another, in ms. */
  readonly jitterMs: number;
}

/** A request, and when it was begun first. */
interface Turn {
  readonly story: Story;
  readonly seq: number;
  readonly run: Run;
}

/** Was everything given out in its turn, and no faster than its pace? */
export function auditTurns(book: Book, rules: TurnRules): Finding[] {
  const turns = turnsOf(book);
  return [...auditOrder(turns, rules), ...auditPace(turns, rules)];
}

function turnsOf(book: Book): Turn[] {
  const turns = [...book.stories.values()].flatMap((story): Turn[] => {
    const [row] = story.rows;
    const [run] = story.runs;
    return row && run ? [{ story, seq: row.seq, run }] : [];
  });
  return turns.sort((one, other) => one.run.at - other.run.at);
}

/** The higher priority first, then what was stored first. */
function auditOrder(turns: readonly Turn[], { placesMax }: TurnRules): Finding[] {
  const expected = [...turns].sort(
    (one, other) => other.story.entry.priority - one.story.entry.priority || one.seq - other.seq,
  );
  const places = new Map(expected.map(({ story }, place) => [story, place]));
  return turns.flatMap(({ story }, place): Finding[] => {
    const away = Math.abs(place - places.get(story)!);
    if (away <= placesMax) return [];
    return [{ kind: 'disorder', id: story.entry.token, text: `${away} places away from its turn` }];
  });
}

/** In no window there are more beginnings than its pace allows. */
function auditPace(turns: readonly Turn[], rules: TurnRules): Finding[] {
  const { perSecond, burst, windowMs, jitterMs } = rules;
  const most = burst + Math.ceil(((windowMs + jitterMs) / 1_000) * perSecond);
  const found: Finding[] = [];
  let first = 0;
  for (const [index, { story, run }] of turns.entries()) {
    while (turns[first]!.run.at < run.at - windowMs) first++;
    const count = index - first + 1;
    if (count <= most) continue;
    const text = `${count} within ${windowMs} ms, where ${most} may be`;
    found.push({ kind: 'rushed', id: story.entry.token, text });
  }
  return found;
}
