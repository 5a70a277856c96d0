import { isMajordomoError, type ErrorCode } from '@majordomo/protocol';

/** What the process says to the shell when it ends. Scripts rely on these. */
export const EXIT = Object.freeze({
  ok: 0,
  /** Anything that is none of the others: a taken port, a bad endpoint, a broker that cannot be used. */
  failure: 1,
  /** The command line, an environment variable or the config file is wrong. */
  usage: 2,
  /** No answer in time. */
  timeout: 3,
  /** The service, or the broker in its place, answered that it cannot. */
  serviceFailure: 4,
});

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The same for people. */
export const EXIT_MEANINGS = Object.freeze({
  [EXIT.ok]: 'ok',
  [EXIT.failure]: 'failure',
  [EXIT.usage]: 'wrong usage',
  [EXIT.timeout]: 'no answer in time',
  [EXIT.serviceFailure]: 'the service answered with a failure, or the broker in its place',
} satisfies Record<ExitCode, string>);

/** An error to show as one line and to end with. */
export class CliError extends Error {
  override name = 'CliError';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The user asked for something that cannot be: named in the message, exit code 2. */
export class UsageError extends CliError {
  override name = 'UsageError';
  constructor(message: string) {
    super(EXIT.usage, message);
  }
}

const EXIT_OF_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  TIMEOUT: EXIT.timeout,
  ATTEMPTS_EXHAUSTED: EXIT.serviceFailure,
  BROKER_DRAINING: EXIT.serviceFailure,
  CANCELLED: EXIT.serviceFailure,
  EXPIRED: EXIT.timeout,
  FAILED: EXIT.serviceFailure,
  NO_WORKER: EXIT.serviceFailure,
  QUEUE_FULL: EXIT.serviceFailure,
  RATE_LIMITED: EXIT.serviceFailure,
  REQUEST_DEAD: EXIT.serviceFailure,
  REQUEST_TAKEN: EXIT.serviceFailure,
  REQUEST_UNKNOWN: EXIT.serviceFailure,
  STORE_FULL: EXIT.serviceFailure,
  STREAM_OVERFLOW: EXIT.serviceFailure,
  UNAUTHORIZED: EXIT.serviceFailure,
  WORKER_FAILED: EXIT.serviceFailure,
  INVALID_OPTIONS: EXIT.usage,
  INVALID_SERVICE: EXIT.usage,
};

/** The exit code that an error calls for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  return isMajordomoError(error) ? exitCodeOfCode(error.code) : EXIT.failure;
}

/** The exit code that an error of this code calls for. */
export function exitCodeOfCode(code: ErrorCode): ExitCode {
  return EXIT_OF_CODE[code] ?? EXIT.failure;
}

/** One exit code for several failures: the one that they share, or that of a failure; 0 where there is none. */
export function commonExitCode(codes: readonly ExitCode[]): ExitCode {
  const [first = EXIT.ok, ...others] = new Set(codes);
  return others.length > 0 ? EXIT.failure : first;
}
