import { feed, submissions, type Submitter } from '../load/submissions';
import type { RunningPart } from './part';

/** The submitter part: every load of durable work that a parent can ask for. */
export function submitterPart(submitter: Submitter): RunningPart {
  return {
    answers: {
      submit: (load) => submissions(submitter, load),
      feed: (load) => feed(submitter, load),
    },
    close: () => submitter.close(),
  };
}
