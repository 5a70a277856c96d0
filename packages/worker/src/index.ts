export {
  Body,
  isMajordomoError,
  MajordomoError,
  type BodyInput,
  type ErrorCode,
  type Logger,
} from '@majordomo/protocol';
export type { WorkerEvents, WorkerListener, WorkerRejection } from './events';
export type { Handler, HandlerContext, HandlerResult, WorkerRequest } from './handler';
export { workerOptionsSchema, type ResolvedWorkerOptions, type WorkerOptions } from './options';
export type { WorkerStats } from './stats';
export { Worker, type WorkerState } from './worker';
