import { ServiceError, WorkerFailedError, type ServiceErrorOptions } from '@majordomo/protocol';

/**
 * What a call rejects with where the service failed in a way that its contract declares: a `WORKER_FAILED` error whose
 * details the contract knows. `contract.isError(error)` recognises it and knows its type.
 */
export class CallError<Code extends string = string, Details = unknown> extends WorkerFailedError {
  override name = 'CallError';
  override readonly workerCode: Code;

  /**
   * @param service - the service that failed
   * @param details - what the schema of the code makes of what the worker said
   */
  constructor(
    readonly service: string,
    code: Code,
    readonly details: Details,
    message: string,
    options: ServiceErrorOptions = {},
  ) {
    super(code, message || `${service} failed with ${code}.`, options);
    this.workerCode = code;
  }
}

/** What a handler throws to fail in a way that its contract declares; `contract.error(…)` makes it. */
export class DeclaredError<Code extends string = string, Details = unknown> extends ServiceError {
  declare readonly code: Code;

  constructor(
    code: Code,
    /** What the schema of the code takes. */
    readonly details: Details,
    message: string,
    options: ServiceErrorOptions = {},
  ) {
    super(code, message, options);
  }
}
