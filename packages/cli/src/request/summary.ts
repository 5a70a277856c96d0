import { commonExitCode, EXIT, exitCodeOfCode, type ExitCode } from '../exit';
import { trimmed } from '../format';
import type { FailureReason, LoadResult } from './send-many';

/** A series of requests for people to read, a line per figure. */
export function renderSummary(result: LoadResult): string {
  const { requests, answered, failed, failures, elapsedMs, requestsPerSecond, latencyMs } = result;
  const reasons = Object.entries(failures).map(([reason, count]) => `${reason} ${trimmed(count)}`);
  const figures: [string, string][] = [
    ['requests', trimmed(requests)],
    ['answered', trimmed(answered)],
    ['failed', trimmed(failed) + (reasons.length > 0 ? ` (${reasons.join(', ')})` : '')],
    ['elapsed', `${trimmed(elapsedMs)} ms`],
    ['requests/s', trimmed(requestsPerSecond)],
    ...(answered > 0 ? Object.entries(latencyMs) : []).map(([name, ms]): [string, string] => [
      name,
      `${trimmed(ms)} ms`,
    ]),
  ];
  return figures.map(([name, figure]) => `${name.padEnd(12)}${figure}`).join('\n');
}

/** 0 where all were answered; the code of the failures where they share one; otherwise 1. */
export function exitCodeOfLoad({ failures }: LoadResult): ExitCode {
  const reasons = Object.keys(failures) as FailureReason[];
  return commonExitCode(
    reasons.map((reason) => (reason === 'SERVICE_FAILURE' ? EXIT.serviceFailure : exitCodeOfCode(reason))),
  );
}
