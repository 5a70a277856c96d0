import type { SubmitOptions } from '@majordomo/titanic';
import { UsageError } from '../exit';
import { complain } from '../output';
import type { SubmissionSetting } from '../commands/submission-settings';
import type { Settings } from '../settings/table';
import { moment } from './moments';

/**
 * What the settings say of a request.
 * @throws UsageError where two of them exclude each other
 */
export function submissionOf(settings: Settings<SubmissionSetting>): SubmitOptions {
  const { at, in: inMs, cron: pattern, timezone, catchUp } = settings;
  checkOneWhen({ at, in: inMs, cron: pattern });
  if (pattern === undefined && timezone !== undefined) throw new UsageError('--timezone needs --cron');
  if (pattern === undefined && catchUp) throw new UsageError('--catch-up needs --cron');
  if (settings.key === undefined && settings.keyWindow !== undefined) {
    throw new UsageError('--key-window needs --key');
  }
  warnOfPast(at);
  return defined({
    at,
    inMs,
    cron: pattern === undefined ? undefined : { pattern, timezone, catchUp },
    ttlMs: settings.ttl,
    key: settings.key,
    keyWindowMs: settings.keyWindow,
    attempts: settings.attempts,
    timeoutMs: settings.attemptTimeout,
    backoffMinMs: settings.backoffMin,
    backoffMaxMs: settings.backoffMax,
    priority: settings.priority,
    contentType: settings.contentType,
    progress: settings.progress || undefined,
    id: settings.requestId,
  });
}

/** @throws UsageError where more than one is given */
export function checkOneWhen(whens: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(whens).filter((name) => whens[name] !== undefined);
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`);
}

/** A time that has passed is taken, and may be a mistake. */
export function warnOfPast(at: number | undefined): void {
  if (at === undefined || at >= Date.now()) return;
  complain(`warning: ${moment(at)} has passed: the request is due at once`);
}

/** What of it is said at all. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>;
}

type Defined<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
