import { explain, hasPassed, listed, number, showRows } from '../findings';
import { FINDINGS } from './audit/finding';
import type { DurableReport } from './run';

/** The report for people: a table, and what is wrong below it. */
export function show(report: DurableReport): string {
  const { scenario, store, seed, requests } = report;
  const again =
    `npm run durable -- --scenario ${scenario} --store ${store} --requests ${requests.submitted} ` +
    `--seconds ${report.seconds} --seed ${seed} --keep LEDGERS`;
  return [
    `${scenario} on ${store}, seed ${seed}`,
    ...showRows(rowsOf(report)),
    hasPassed(report)
      ? 'passed: nothing lost, nothing early, nothing after its death, every repetition explained'
      : explain(report, FINDINGS, again),
  ].join('\n');
}

function rowsOf({ kills, processes, times, requests, pace }: DurableReport): [title: string, text: string][] {
  const { repeats, lateMs } = requests;
  const perSecond = (count: number, ms: number): string =>
    `${number(Math.round((count / ms) * 1_000))} a second`;
  return [
    ['killed', listed(kills)],
    [
      'processes',
      `${processes.started} started, ${processes.killed} killed, ${processes.orphans} left behind`,
    ],
    [
      'submitted',
      `${number(requests.submitted)} in ${seconds(times.submittedMs)}, ${perSecond(requests.submitted, times.submittedMs)}`,
    ],
    ['answered 200', `${number(requests.stored)}, ${number(requests.byKey)} of them by a key that was known`],
    [
      'without an answer',
      `${number(requests.unanswered)}, stored all the same: ${number(requests.unansweredStored)}`,
    ],
    ['stored twice', `${number(requests.twins)} of RFC 9, whose first answer was lost with its titanic`],
    ['in the store', listed(requests.states)],
    ['read, closed', `${number(requests.read)}, ${number(requests.closed)}`],
    ['cancelled, moved', `${number(requests.cancelled)}, ${number(requests.moved)}`],
    ['runs of handlers', number(requests.runs)],
    [
      'run again',
      `${number(repeats.requests)} requests, ${number(repeats.runs)} runs: ${listed(repeats.causes)}`,
    ],
    [
      'caught by kills',
      `claimed and not begun ${number(requests.claimedOnly)}, begun and not ended ${number(requests.begunOnly)}, ` +
        `done and not kept ${number(requests.doneOnly)}`,
    ],
    [
      pace === null ? 'due to begun, ms' : `due to begun at ${number(pace)} a second, ms`,
      `p50 ${number(lateMs.p50)}, p90 ${number(lateMs.p90)}, p99 ${number(lateMs.p99)}, max ${number(lateMs.max)} ` +
        `(${number(lateMs.count)} requests)`,
    ],
    ['begun after death', `${number(requests.afterDeathMsMax)} ms at the most`],
    ['all ended after', seconds(times.endedMs)],
  ];
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
