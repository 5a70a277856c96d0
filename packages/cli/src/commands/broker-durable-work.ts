import { publicKeyOf } from '@majordomo/broker';
import { connectDurableWork, reachable, type ConnectedDurableWork } from '../durable-work';
import { UsageError } from '../exit';
import { readSecretKey } from '../security';
import { flagOf } from '../settings/setting';
import type { Settings } from '../settings/table';
import type { BrokerSetting } from './broker-settings';

/**
 * The durable work behind a broker: asked for through the first of its endpoints that gives nobody a role, encrypted where
 * that is.
 * @param secretKey - of the broker
 * @param endpoints - those that it listens on, once it does
 * @throws UsageError where nothing is shown at all; KeyFileError, InvalidKeyError
 */
export async function brokerDurableWork(
  {
    durableSecretKeyFile,
    http,
    bind,
  }: Pick<Settings<BrokerSetting>, 'durableSecretKeyFile' | 'http' | 'bind'>,
  secretKey: string | undefined,
  endpoints: () => readonly string[],
): Promise<ConnectedDurableWork> {
  if (http === undefined) throw new UsageError(`${flagOf('durable')} needs ${flagOf('http')}`);
  const ownKey = durableSecretKeyFile === undefined ? undefined : await readSecretKey(durableSecretKeyFile);
  const at = Math.max(
    0,
    bind.findIndex(({ role }) => role === undefined),
  );
  const isEncrypted = secretKey !== undefined && bind[at]?.curve !== false;
  const curve = isEncrypted && {
    serverKey: publicKeyOf(secretKey),
    ...(ownKey === undefined ? {} : { secretKey: ownKey }),
  };
  return connectDurableWork(() => ({
    brokers: endpoints()
      .slice(at, at + 1)
      .map(reachable),
    ...(curve ? { curve } : {}),
  }));
}
