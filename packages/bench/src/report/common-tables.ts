import { range, times } from '../format';
import { PEERS } from '../peers/peers';
import type { Skipped } from '../scenarios/choose';
import type { Verdict } from '../scenarios/targets';
import { textTable, type Column } from '../table';

/** The columns of the targets; also those of the documents. */
export const TARGET_COLUMNS: readonly Column<Verdict>[] = [
  { title: 'target', show: ({ goal }) => goal },
  { title: 'measured', align: 'right', show: ({ measured }) => times(measured?.median ?? NaN) },
  { title: 'rounds', align: 'right', show: ({ measured }) => (measured ? range(measured) : '–') },
  { title: 'verdict', show: ({ met }) => (met === null ? 'not measured' : met ? 'met' : 'missed') },
];

/** The targets that this run has something to say about. */
export function showTargets(targets: readonly Verdict[]): string {
  const judged = targets.filter(({ met }) => met !== null);
  return judged.length === 0 ? '' : textTable(TARGET_COLUMNS, judged);
}

/** A line for each peer that took no part. */
export function showSkipped(skipped: readonly Skipped[]): string {
  return skipped.map(({ peer, reason }) => `skipped ${PEERS[peer].title}: ${reason}`).join('\n');
}
