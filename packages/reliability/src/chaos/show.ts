import { explain, hasPassed, listed, number, showRows } from '../findings';
import { FINDINGS } from './audit/finding';
import { GROWTH_BYTES_MAX, mib, RSS_BYTES_MAX } from './memory';
import type { ChaosReport } from './run';

/** The report for people: a table, and what is wrong below it. */
export function show(report: ChaosReport): string {
  const { scenario, seed, seconds } = report;
  const again = `npm run chaos -- --scenario ${scenario} --seed ${seed} --seconds ${seconds} --keep LEDGERS`;
  return [
    `${scenario}, seed ${seed}, ${seconds} s`,
    ...showRows(rowsOf(report)),
    hasPassed(report) ? 'passed: nothing lost, nothing stranded' : explain(report, FINDINGS, again),
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
