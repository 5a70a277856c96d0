export {
  Body,
  isMajordomoError,
  MajordomoError,
  ServiceError,
  type BodyInput,
  type ErrorCode,
  type Logger,
  type ServiceErrorOptions,
} from '@majordomo/protocol';
export type { WorkerEvents, WorkerListener, WorkerRejection } from './events';
export type { Handler, HandlerContext, HandlerResult, WorkerRequest } from './handler';
export {
  threadedWorkerOptionsSchema,
  workerOptionsSchema,
  type ResolvedThreadedWorkerOptions,
  type ResolvedWorkerOptions,
  type ThreadedWorkerOptions,
  type WorkerOptions,
} from './options';
export type { WorkerStats } from './stats';
export { Worker, type WorkerState } from './worker';
