import { Metadata } from '@majordomo/protocol';
import type { Alarm, ClientKeys } from '@majordomo/transport';
import type { Events } from './events';
import type { Handler } from './handler';
import type { JobTimes } from './job-times';
import type { ResolvedWorkerOptions } from './options';
import type { Slots } from './slots';
import type { Counters } from './stats';
import type { Tracing } from './tracing';

/** What all sessions of one worker have in common. */
export class Shared {
  #contentType = '';
  #metadata: Metadata | undefined;

  constructor(
    readonly service: string,
    readonly handler: Handler,
    readonly options: ResolvedWorkerOptions,
    /** The places for handlers, across all brokers. */
    readonly slots: Slots,
    /** The one timer. */
    readonly alarm: Alarm,
    readonly counters: Counters,
    readonly events: Events,
    /** Keys for CURVE; `undefined` without. */
    readonly keys: ClientKeys | undefined,
    /** Where the times of jobs go; `undefined` where nobody wants to know. */
    readonly times: JobTimes | undefined,
    readonly tracing: Tracing | undefined,
  ) {}

  /**
   * What replies of a content type say of themselves; made once for those that follow each other.
   * @throws InvalidOptionsError where it is too long, TypeError where it is no text
   */
  replyMetadata(contentType: string): Metadata {
    if (!this.#metadata || contentType !== this.#contentType) {
      this.#metadata = Metadata.of({ contentType });
      this.#contentType = contentType;
    }
    return this.#metadata;
  }
}
