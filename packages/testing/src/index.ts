export { fakeWorker, type FakeWorker, type FakeWorkerOptions, type RequestFilter } from './fake-worker';
export type { FaultyLink } from './faulty-link';
export { expectError, matchers, type MatcherResult, type RejectedWith } from './matchers';
export {
  delays,
  dies,
  disconnects,
  drops,
  fails,
  holds,
  repeats,
  replies,
  repliesJson,
  streams,
  type Partials,
  type Repeated,
  type Script,
  type Step,
  type StepInput,
} from './script';
export type { SeenRequest } from './seen-request';
export { startTestBroker, type EventFilter, type TestBroker, type TestBrokerOptions } from './test-broker';
export { useTestBroker, type SharedTestBroker, type TestHooks } from './use-test-broker';
export { ExpectationError, until, type UntilOptions, type WaitOptions } from './wait';
