import type { SettingKey } from '../settings/table';

/** What can be said of a request when it is submitted. */
export const SUBMISSION_SETTINGS = [
  'at',
  'in',
  'cron',
  'timezone',
  'catchUp',
  'ttl',
  'key',
  'keyWindow',
  'attempts',
  'attemptTimeout',
  'backoffMin',
  'backoffMax',
  'priority',
  'contentType',
  'progress',
  'requestId',
] as const satisfies readonly SettingKey[];

export type SubmissionSetting = (typeof SUBMISSION_SETTINGS)[number];
