import type { SettingKey } from '../settings/table';

/** What clients and workers take of the command line for CURVE. */
export const CURVE_SETTINGS = [
  'curveSecretKeyFile',
  'curveServerKeyFile',
  'curveServerKey',
] as const satisfies readonly SettingKey[];

export type CurveSetting = (typeof CURVE_SETTINGS)[number];
