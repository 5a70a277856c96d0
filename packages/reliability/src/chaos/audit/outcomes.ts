import { lifeOf, type CallKind, type OutcomeLine } from '../ledger';
import type { Book, Entry } from './book';
import type { Finding } from './finding';

/** What a run promises beyond what always holds. */
export interface OutcomeRules {
  /** How much longer than its time a request may take to end, in ms. */
  readonly slackMs: number;
  /** True where no request may fail, but for those that are made to. */
  readonly noFailures: boolean;
}

/** The codes that losing processes and connections may end a request with. */
const LOSSES = ['TIMEOUT', 'EXPIRED', 'CONNECTION_LOST', 'BROKER_DRAINING', 'ATTEMPTS_EXHAUSTED'];

/** Those that each kind of request may end with beside them. */
const CODES: Readonly<Record<CallKind, readonly string[]>> = {
  work: [],
  deadline: [],
  cancel: ['ABORTED'],
  stream: ['STREAM_OVERFLOW'],
  gather: [],
  leave: ['STREAM_OVERFLOW'],
  fail: ['WORKER_FAILED'],
};

/** The kinds of request whose own plan is to fail. */
const MADE_TO_FAIL: readonly CallKind[] = ['deadline', 'cancel', 'fail'];

/** Does every request end, once, in time, in a way that it can end? */
export function auditOutcomes({ entries, killed }: Book, rules: OutcomeRules): Finding[] {
  return [...entries.values()].flatMap((entry) => {
    const { id } = entry.issued;
    const [outcome, second] = entry.outcomes;
    if (second) return [{ kind: 'twice', id, text: `${outcome?.kind}, then ${second.kind}` }];
    if (!outcome) {
      return killed.has(lifeOf(id)) ? [] : [{ kind: 'hang', id, text: `a ${entry.issued.call} without end` }];
    }
    return [...auditEnd(entry, outcome, rules), ...auditTime(entry, outcome, rules)];
  });
}

function auditEnd({ issued }: Entry, outcome: OutcomeLine, { noFailures }: OutcomeRules): Finding[] {
  const { id, call, must } = issued;
  const is = (kind: Finding['kind'], text: string): Finding[] => [{ kind, id, text }];
  if (outcome.kind === 'left') return call === 'leave' ? [] : is('unexpected', `a ${call} was left`);
  if (outcome.kind === 'answered') {
    return call === 'fail' ? is('unexpected', 'an answer of a handler that throws') : [];
  }
  const { code, message } = outcome;
  if (code === null) return is('untyped', message);
  if (must) return is('lost', `${code}: ${message}`);
  if (!LOSSES.includes(code) && !CODES[call].includes(code)) {
    return is('unexpected', `a ${call} ended with ${code}: ${message}`);
  }
  if (noFailures && !MADE_TO_FAIL.includes(call)) return is('failed', `${code}: ${message}`);
  return [];
}

/** Of a stream each message has its time anew: only its reader can tell. */
function auditTime({ issued }: Entry, { elapsedMs }: OutcomeLine, { slackMs }: OutcomeRules): Finding[] {
  const { id, call, timeoutMs } = issued;
  if (call === 'stream' || call === 'leave' || elapsedMs <= timeoutMs + slackMs) return [];
  return [{ kind: 'late', id, text: `a ${call} of ${timeoutMs} ms took ${Math.round(elapsedMs)} ms` }];
}
