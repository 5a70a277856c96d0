import { number, type Check, type ScenarioReport } from './report';

const MARKS = { true: 'ok    ', false: 'BROKEN' } as const;

/** A scenario for people. */
export function showScenario({ name, summary, rule, latencies, figures, checks }: ScenarioReport): string {
  const lines = [`== ${name}: ${summary}`, `   rule: ${rule}`];
  for (const { of, when, latency } of latencies) {
    const { count, p50Ms, p90Ms, p99Ms, maxMs } = latency;
    const percentiles = `p50 ${number(p50Ms)}, p90 ${number(p90Ms)}, p99 ${number(p99Ms)}, max ${number(maxMs)} ms`;
    lines.push(`   ${of} ${when}: ${percentiles} (${number(count)} calls)`);
  }
  for (const { what, seen } of figures) lines.push(`   ${what}: ${seen}`);
  for (const check of checks) lines.push(`   ${showCheck(check)}`);
  return lines.join('\n');
}

function showCheck({ what, holds, seen, bound }: Check): string {
  return `${MARKS[`${holds}`]} ${what}: ${seen} (${bound})`;
}

/** What was broken, in one line. */
export function showOutcome(reports: readonly ScenarioReport[]): string {
  const checks = reports.flatMap(({ name, checks }) => checks.map((check) => ({ name, ...check })));
  const broken = checks.filter(({ holds }) => !holds);
  if (broken.length === 0) return `${reports.length} scenarios, ${checks.length} checks, all hold`;
  const which = broken.map(({ name, what }) => `${name}: ${what}`).join('; ');
  return `${reports.length} scenarios, ${checks.length} checks, ${broken.length} BROKEN: ${which}`;
}
