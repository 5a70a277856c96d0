import { NO_METADATA, type Body, type Metadata } from '@majordomo/protocol';

/** What a request resolves with. */
export interface Reply extends Body {
  /** What the worker said of it, such as its `contentType`; only where it said something, in a packed session. */
  readonly metadata?: Metadata;
}

/** A body with what was said of it. Where nothing was, it is the body as it came. */
export function replyOf(body: Body, metadata: Metadata): Reply {
  return metadata === NO_METADATA ? body : Object.assign(body, { metadata });
}
