import { readKeyFile } from '@majordomo/client';
import type { CurveSetting } from './commands/curve-settings';
import { UsageError } from './exit';
import { complain } from './output';
import { flagOf } from './settings/setting';
import type { Settings } from './settings/table';

/** The keys of a client or worker. */
export interface CurveKeys {
  readonly serverKey: string;
  readonly secretKey?: string;
}

/**
 * The secret key in a file; a warning where others may read it.
 * @throws KeyFileError, InvalidKeyError
 */
export async function readSecretKey(path: string): Promise<string> {
  const { key, open } = await readKeyFile(path);
  if (open) complain(`warning: others than its owner may read the key file ${path}; chmod 600 it`);
  return key;
}

/**
 * The keys that the settings name, or `undefined` where they name none.
 * @throws UsageError where one is missing, KeyFileError, InvalidKeyError
 */
export async function curveOf(settings: Settings<CurveSetting>): Promise<CurveKeys | undefined> {
  const { curveSecretKeyFile, curveServerKeyFile, curveServerKey } = settings;
  if (curveServerKey !== undefined && curveServerKeyFile !== undefined) {
    throw new UsageError(
      `${flagOf('curveServerKey')} and ${flagOf('curveServerKeyFile')} exclude each other`,
    );
  }
  const serverKey =
    curveServerKeyFile === undefined ? curveServerKey : (await readKeyFile(curveServerKeyFile)).key;
  if (serverKey === undefined) {
    if (curveSecretKeyFile === undefined) return undefined;
    throw new UsageError(
      `${flagOf('curveSecretKeyFile')} needs the key of the broker: ${flagOf('curveServerKeyFile')}`,
    );
  }
  if (curveSecretKeyFile === undefined) return { serverKey };
  return { serverKey, secretKey: await readSecretKey(curveSecretKeyFile) };
}
