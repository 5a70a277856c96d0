import { publicKeyOf } from '@majordomo/broker';
import { readSecretKey, type CurveKeys } from '../security';
import type { BindTo } from '../settings/schemas';
import type { BrokerPart } from './broker';

/** How a part in the same process comes to its broker. */
export interface Way {
  readonly endpoint: string;
  readonly curve: CurveKeys | undefined;
}

/**
 * The way to a broker that has started: the first endpoint that gives nobody a role, like anybody else on this machine.
 * @param keyFile - the secret key to have, where its policy should know it
 */
export async function wayTo(
  { broker: { endpoints }, secretKey }: Pick<BrokerPart, 'broker' | 'secretKey'>,
  bind: readonly BindTo[],
  keyFile: string | undefined,
): Promise<Way> {
  const at = Math.max(
    0,
    bind.findIndex(({ role }) => role === undefined),
  );
  const endpoint = (endpoints[at] ?? '').replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  if (secretKey === undefined || bind[at]?.curve === false) return { endpoint, curve: undefined };
  const serverKey = publicKeyOf(secretKey);
  if (keyFile === undefined) return { endpoint, curve: { serverKey } };
  return { endpoint, curve: { serverKey, secretKey: await readSecretKey(keyFile) } };
}
