import type { Alarm } from './alarm';
import type { Events } from './events';
import type { Handler } from './handler';
import type { ResolvedWorkerOptions } from './options';
import type { Slots } from './slots';
import type { Counters } from './stats';

/** What all sessions of one worker have in common. */
export interface Shared {
  readonly service: string;
  readonly handler: Handler;
  readonly options: ResolvedWorkerOptions;
  /** The places for handlers, across all brokers. */
  readonly slots: Slots;
  /** The one timer. */
  readonly alarm: Alarm;
  readonly counters: Counters;
  readonly events: Events;
}
