import type { Protocol } from './channels';
import { Examiner, THOROUGH, type Tally, type Thoroughness } from './examiner';
import { Finding } from './finding';
import type { Talk } from './message';
import { shrink } from './shrink';
import { Talks, type Attempt } from './talks';
import type { Slowest } from './timing';

/** What one run through the decoders does. */
export interface DecoderRun {
  readonly protocol: Protocol;
  /** `decoders`: single messages of all dialects; `sessions`: packed sessions of several messages. */
  readonly target: 'decoders' | 'sessions';
  readonly seed: number;
  /** Messages after which it ends; the session under way is finished. */
  readonly messages: number;
  readonly thoroughness: Thoroughness;
  /** To find fault with what takes too long: for a machine that has time. */
  readonly timed: boolean;
  /** Whose messages are changed as well. */
  readonly corpus: readonly Talk[];
}

/** What a run found wrong: the talk, cut down to what is needed for it. */
export interface Failure {
  readonly finding: Finding;
  /** How many messages had been tried before the talk. */
  readonly messageNumber: number;
  readonly talk: Talk;
}

/** What came of a run. */
export interface DecoderReport {
  readonly target: DecoderRun['target'];
  readonly seed: number;
  readonly seconds: number;
  readonly tally: Tally;
  readonly slowest: Slowest;
  /** Messages that took longer than they may the first time, and never again. */
  readonly retried: number;
  readonly failure: Failure | undefined;
}

/** Changes messages and hands them to every decoder until so many were tried, or one does what it must not. */
export function runDecoders(run: DecoderRun): DecoderReport {
  const { protocol, target, seed, messages, thoroughness, timed, corpus } = run;
  const examiner = new Examiner(protocol, thoroughness, timed);
  const talks = new Talks(seed, corpus);
  const startedAt = performance.now();
  let failure: Failure | undefined;
  for (let number = 0; examiner.tally.messages < messages && !failure; number++) {
    const attempt = target === 'decoders' ? talks.single(number) : talks.session(number);
    const messageNumber = examiner.tally.messages;
    try {
      examiner.examine(attempt.talk, attempt.valid);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      failure = { finding: error, messageNumber, talk: cutDown(protocol, attempt, error) };
    }
  }
  return {
    target,
    seed,
    seconds: (performance.now() - startedAt) / 1_000,
    tally: examiner.tally,
    slowest: examiner.timing.slowest,
    retried: examiner.timing.retried,
    failure,
  };
}

/** The least of a talk that is still wrong in the same way. What was refused and should not be stays as it is. */
function cutDown(protocol: Protocol, { talk }: Attempt, finding: Finding): Talk {
  const upTo = { ...talk, messages: talk.messages.slice(0, finding.messageIndex + 1) };
  if (finding.kind === 'refused_valid' || finding.kind === 'slow') return upTo;
  return shrink(upTo, (smaller) => {
    try {
      new Examiner(protocol, THOROUGH, false).examine(smaller);
      return false;
    } catch (error) {
      return error instanceof Finding && error.kind === finding.kind;
    }
  });
}
