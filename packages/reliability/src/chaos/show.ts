import { FINDINGS, type FindingKind } from './audit/finding';
import { GROWTH_BYTES_MAX, mib, RSS_BYTES_MAX } from './memory';
import type { ChaosReport } from './run';

/** Findings of one kind that are told one by one. */
const TOLD_MAX = 5;

/** True where nothing was found. */
export function hasPassed({ findings, problems }: ChaosReport): boolean {
  return findings.length === 0 && problems.length === 0;
}

/** The report for people: a table, and what is wrong below it. */
export function show(report: ChaosReport): string {
  const rows = rowsOf(report);
  const width = Math.max(...rows.map(([title]) => title.length));
  return [
    `${report.scenario}, seed ${report.seed}, ${report.seconds} s`,
    ...rows.map(([title, text]) => `  ${title.padEnd(width)}  ${text}`),
    hasPassed(report) ? 'passed: nothing lost, nothing stranded' : explain(report),
  ].join('\n');
}

function rowsOf({
  faults,
  figures,
  processes,
  memory,
  requests,
  redispatched,
}: ChaosReport): [title: string, text: string][] {
  const { duplicates } = requests;
  return [
    ['faults', listed(faults)],
    ...Object.entries(figures).map(([name, figure]): [string, string] => [name, number(figure)]),
    [
      'processes',
      `${processes.started} started, ${processes.killed} killed, ${processes.terminated} ended by SIGTERM with code 0, ` +
        `${processes.orphans} left behind`,
    ],
    ['requests', number(requests.issued)],
    ['answered', number(requests.answered)],
    ['failed', listed(requests.failed)],
    ['left by readers', number(requests.left)],
    ['client killed', number(requests.orphaned)],
    ['must be answered', `${number(requests.must)}, lost: ${number(requests.lost)}`],
    ['frames of streams', number(requests.streamFrames)],
    [
      'runs of handlers',
      `${number(requests.runs)}, redispatched by brokers: ${number(redispatched)} and more`,
    ],
    [
      'run more than once',
      `${number(duplicates.idempotent)} idempotent (${number(duplicates.idempotentRuns)} runs more), ` +
        `${number(duplicates.onceOnly)} with idempotent: false (${number(duplicates.onceOnlyRuns)} runs more)`,
    ],
    [
      'broker memory',
      `${mib(memory.maxBytes)} at the most (bound ${mib(RSS_BYTES_MAX)}), grew by ${mib(memory.growthBytes)} ` +
        `(bound ${mib(GROWTH_BYTES_MAX)})`,
    ],
  ];
}

function explain({ findings, problems, scenario, seed, seconds }: ChaosReport): string {
  const lines = ['FAILED:', ...problems.map((problem) => `- ${problem}`)];
  for (const kind of Object.keys(FINDINGS) as FindingKind[]) {
    const found = findings.filter((finding) => finding.kind === kind);
    if (found.length === 0) continue;
    lines.push(`- ${kind}: ${FINDINGS[kind]} (${found.length})`);
    for (const { id, text } of found.slice(0, TOLD_MAX)) lines.push(`    ${id}: ${text}`);
    if (found.length > TOLD_MAX) lines.push(`    … and ${found.length - TOLD_MAX} more`);
  }
  lines.push(
    `The same plan again: npm run chaos -- --scenario ${scenario} --seed ${seed} --seconds ${seconds} --keep LEDGERS`,
  );
  return lines.join('\n');
}

function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0
    ? 'none'
    : entries.map(([name, count]) => `${name} ${number(count)}`).join(', ');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
