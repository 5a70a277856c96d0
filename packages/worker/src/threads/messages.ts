import type { ErrorCode } from '@majordomo/protocol';
import type { Fault } from './fault';
import type { Parcel } from './parcel';

/** What passes between the main thread and the threads of a pool. All of it is plain data. */

/** What a thread is given when it is made. */
export interface ThreadData {
  /** The URL of the file whose default export is the handler. */
  readonly handlerFile: string;
  /** For each place, the id of the request in it that was aborted last: to be read where no message is. */
  readonly aborted: Int32Array;
}

/** Has a thread load the handler and keep still until it is told to `release`, so that others load theirs. */
export interface LoadTask {
  readonly kind: 'load';
  readonly id: number;
}

/** One request. */
export interface ServeTask {
  readonly kind: 'serve';
  readonly id: number;
  /** Its index in {@link ThreadData.aborted}. */
  readonly place: number;
  readonly service: string;
  readonly body: Parcel;
  readonly contentType: string | undefined;
  readonly traceparent: string | undefined;
  readonly priority: number;
  readonly attempt: number;
  readonly broker: string;
  /** When the client gives up, in ms on the clock of {@link hrtimeMs}; `Infinity` for never. */
  readonly deadline: number;
}

/** What a thread is given to do; it is done when the promise of it settles. */
export type Task = LoadTask | ServeTask;

/** A body and what the handler says that it is. */
export interface ReplyParcel {
  readonly body: Parcel;
  readonly contentType: string | undefined;
}

/** How a task ended, where the thread did not. */
export type Outcome =
  | { readonly kind: 'reply'; readonly reply: ReplyParcel }
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** Nobody wanted the result any more. */
  | { readonly kind: 'dropped' }
  | { readonly kind: 'released' };

/** What a thread is told while it is at work; one that has no such task takes no notice. */
export type ToThread =
  | { readonly kind: 'abort'; readonly id: number; readonly code: ErrorCode; readonly message: string }
  /** The next reply of a stream is wanted. */
  | { readonly kind: 'next'; readonly id: number }
  /** No more of a stream is wanted. */
  | { readonly kind: 'stop'; readonly id: number }
  | { readonly kind: 'release' };

/** What a thread says while it is at work. */
export type FromThread =
  /** The handler is there. */
  | { readonly kind: 'loaded'; readonly id: number }
  /** The handler cannot be loaded: the thread is of no use. */
  | { readonly kind: 'unloadable'; readonly id: number; readonly fault: Fault }
  /** The handler gives several replies; each waits until it is asked for with `next`. */
  | { readonly kind: 'stream'; readonly id: number }
  /** One reply before the last. */
  | { readonly kind: 'part'; readonly id: number; readonly reply: ReplyParcel };

/** Milliseconds on a clock that all threads of the process share. */
export function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}
