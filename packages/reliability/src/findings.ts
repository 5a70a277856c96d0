/** Findings of one kind that are told one by one. */
const TOLD_MAX = 5;

/** What a run found. */
export interface Found<Kind extends string> {
  /** Requests of which an audit says what must not be. */
  readonly findings: readonly { readonly kind: Kind; readonly id: string; readonly text: string }[];
  /** All else that went wrong. */
  readonly problems: readonly string[];
}

/** True where nothing was found. */
export function hasPassed({ findings, problems }: Found<string>): boolean {
  return findings.length === 0 && problems.length === 0;
}

/** Rows of a report for people, their titles in a column. */
export function showRows(rows: readonly (readonly [title: string, text: string])[]): string[] {
  const width = Math.max(...rows.map(([title]) => title.length));
  return rows.map(([title, text]) => `  ${title.padEnd(width)}  ${text}`);
}

/**
 * What is wrong, for people.
 * @param meanings - what each kind of finding is
 * @param again - the command line of the same run
 */
export function explain<Kind extends string>(
  { findings, problems }: Found<Kind>,
  meanings: Readonly<Record<Kind, string>>,
  again: string,
): string {
  const lines = ['FAILED:', ...problems.map((problem) => `- ${problem}`)];
  for (const kind of Object.keys(meanings) as Kind[]) {
    const found = findings.filter((finding) => finding.kind === kind);
    if (found.length === 0) continue;
    lines.push(`- ${kind}: ${meanings[kind]} (${found.length})`);
    for (const { id, text } of found.slice(0, TOLD_MAX)) lines.push(`    ${id}: ${text}`);
    if (found.length > TOLD_MAX) lines.push(`    … and ${found.length - TOLD_MAX} more`);
  }
  lines.push(`The same plan again: ${again}`);
  return lines.join('\n');
}

/** Counts by name, in one line. */
export function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0
    ? 'none'
    : entries.map(([name, count]) => `${name} ${number(count)}`).join(', ');
}

/** A number with thousands apart. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}
