import type { SettingKey } from '../settings/table';
import { CURVE_SETTINGS } from './curve-settings';

/** What every command takes that asks a titanic. */
export const REACH_SETTINGS = [
  'broker',
  'protocol',
  'timeoutMs',
  'json',
  ...CURVE_SETTINGS,
] as const satisfies readonly SettingKey[];

export type ReachSetting = (typeof REACH_SETTINGS)[number];
