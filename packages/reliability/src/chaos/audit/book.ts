import type { IssuedLine, Ledgers, OutcomeLine, RunLine } from '../ledger';

/** All that the ledgers say of one request. */
export interface Entry {
  readonly issued: IssuedLine;
  readonly outcomes: readonly OutcomeLine[];
  /** In the order in which they were read: that of time within one worker, and of nothing between two. */
  readonly runs: readonly RunLine[];
}

/** The ledgers, request by request. */
export interface Book {
  readonly entries: ReadonlyMap<string, Entry>;
  /** By its name. */
  readonly runs: ReadonlyMap<string, RunLine>;
  /** Runs that were finished, by name. */
  readonly done: ReadonlySet<string>;
  /** Outcomes and runs of requests that no client has made. */
  readonly strays: readonly (OutcomeLine | RunLine)[];
  readonly killed: ReadonlySet<string>;
}

/** Puts together what belongs together. */
export function bookOf({ clients, workers, killed }: Ledgers): Book {
  const entries = new Map<string, { issued: IssuedLine; outcomes: OutcomeLine[]; runs: RunLine[] }>();
  const runs = new Map<string, RunLine>();
  const done = new Set<string>();
  const strays: (OutcomeLine | RunLine)[] = [];
  for (const line of clients) {
    if (line.kind === 'issued') entries.set(line.id, { issued: line, outcomes: [], runs: [] });
  }
  for (const line of clients) {
    if (line.kind !== 'issued') (entries.get(line.id)?.outcomes ?? strays).push(line);
  }
  for (const line of workers) {
    if (line.kind === 'done') {
      done.add(line.run);
      continue;
    }
    runs.set(line.run, line);
    (entries.get(line.id)?.runs ?? strays).push(line);
  }
  return { entries, runs, done, strays, killed };
}
