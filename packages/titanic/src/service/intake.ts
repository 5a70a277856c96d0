import { InvalidBodyError, InvalidOptionsError, MessageTooLargeError } from '@majordomo/protocol';
import type { z } from 'zod';
import { packedBytes, packFrames } from '../core/frames';
import { dueAtOf } from '../core/schedule';
import { CRON_SERVICE, formatTerms, type CronTerms } from '../core/terms';
import type { NewRequest } from '../store/store';
import { occurrencesOf } from './cron';
import { ANSWER_FRAMES, storedFramesMax, type submissionSchema } from './messages';
import type { ResolvedTitanicOptions, RuleBook } from './options';
import { RequestIds } from './request-ids';

/** What of the options bounds and completes a submission. */
export type IntakeOptions = Pick<
  ResolvedTitanicOptions,
  'bodyBytesMax' | 'keyWindowMs' | 'limits' | 'retention'
>;

type Fields = z.output<typeof submissionSchema>;

/** Makes of what was submitted what is stored. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #rules: RuleBook;
  readonly #ids = new RequestIds();

  constructor(options: IntakeOptions, rules: RuleBook) {
    this.#options = options;
    this.#rules = rules;
  }

  /**
   * A request for the store.
   * @throws MessageTooLargeError, InvalidBodyError, InvalidOptionsError
   */
  toRequest(fields: Fields, frames: readonly Uint8Array[], now: number): NewRequest {
    const { priority, key } = fields;
    const ttlMs = fields.ttlMs ?? this.#rules.of(fields.service).ttlMs;
    const cron = fields.cron && { ...fields.cron, service: fields.service };
    const dueAt = cron ? this.#firstOf(cron, now) : dueAtOf(fields, now);
    const { attempts, backoffMinMs, backoffMaxMs, timeoutMs, contentType, traceparent, progress } = fields;
    return {
      id: fields.id ?? this.#ids.next(now),
      service: cron ? CRON_SERVICE : fields.service,
      body: this.toBody(frames),
      priority,
      dueAt,
      // A schedule lives on; what it makes has a time to live each.
      expiresAt: ttlMs === undefined || cron ? undefined : dueAt + ttlMs,
      terms: formatTerms({
        attempts,
        backoffMinMs,
        backoffMaxMs,
        timeoutMs,
        contentType,
        traceparent,
        progress,
        cron,
        ttlMs: cron ? ttlMs : undefined,
        key,
      }),
      key: key === undefined ? undefined : { text: keyOf(fields, key), until: now + this.#windowOf(fields) },
    };
  }

  /** @throws MessageTooLargeError, InvalidBodyError */
  toBody(frames: readonly Uint8Array[]): Uint8Array {
    if (frames.length === 0) throw new InvalidBodyError('A request has a body of one frame or more.');
    const bytes = packedBytes(frames);
    const { bodyBytesMax, limits } = this.#options;
    const framesMax = storedFramesMax(limits);
    if (frames.length > framesMax) {
      throw new MessageTooLargeError(
        `The body is ${frames.length} frames, at most ${framesMax} are stored (limits.framesMax, less ${ANSWER_FRAMES}).`,
      );
    }
    if (bytes <= bodyBytesMax) return packFrames(frames);
    throw new MessageTooLargeError(
      `The body is ${bytes} bytes, at most ${bodyBytesMax} are stored (bodyBytesMax).`,
    );
  }

  #firstOf(cron: CronTerms, now: number): number {
    const first = occurrencesOf(cron)(now);
    if (first !== undefined) return first;
    throw new InvalidOptionsError(`The schedule ${JSON.stringify(cron.pattern)} never comes.`);
  }

  /** A key stands no longer than its reply is kept: the same key should give the same reply. */
  #windowOf({ keyWindowMs }: Fields): number {
    const { keyWindowMs: standard, retention } = this.#options;
    if (keyWindowMs === undefined) return Math.min(standard, retention.done.ageMs);
    if (keyWindowMs <= retention.done.ageMs) return keyWindowMs;
    throw new InvalidOptionsError(
      `keyWindowMs: replies are kept for ${retention.done.ageMs} ms (retention.done.ageMs), a key cannot stand for longer.`,
    );
  }
}

/** A key is one of the service that was submitted to; schedules stand together under a service of their own. */
function keyOf({ service, cron }: Fields, key: string): string {
  return cron ? JSON.stringify([service, key]) : key;
}
