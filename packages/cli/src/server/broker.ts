import { Broker, type PolicyInput } from '@majordomo/broker';
import type { Logger } from 'pino';
import type { BrokerSetting, DurableSetting } from '../commands/broker-settings';
import { connectDurableWork, type ConnectedDurableWork } from '../durable-work';
import { CliError, EXIT, UsageError } from '../exit';
import type { Output } from '../output';
import { readSecretKey } from '../security';
import { readConfigFile } from '../settings/config-file';
import { flagOf } from '../settings/setting';
import type { Settings } from '../settings/table';
import { readToken } from '../settings/token-file';
import { wayTo } from './way';

/** A broker that a command runs. */
export interface BrokerPart {
  readonly broker: Broker;
  /** Its secret CURVE key, where it has one. */
  readonly secretKey: string | undefined;
  /** What its dashboard shows of the durable work behind it; to be closed before the broker. */
  readonly durable: ConnectedDurableWork | undefined;
  /** Rejects where the broker fails while it serves. */
  readonly failed: Promise<never>;
  /** What SIGHUP asks for; `undefined` where there is nothing to read again. */
  readonly reload: (() => void) | undefined;
}

/** A policy file, still to be validated. */
async function readPolicy(path: string): Promise<PolicyInput> {
  const policy: unknown = await readConfigFile(path, 'policy file');
  return policy as PolicyInput;
}

/**
 * A broker as the settings have it, still to be started.
 * @throws UsageError, KeyFileError, and what `new Broker` throws
 */
export async function brokerOf(
  settings: Settings<BrokerSetting | DurableSetting>,
  logger: Logger,
): Promise<BrokerPart> {
  const { bind, heartbeatMs, liveness, serviceExpiryMs, attemptsMax, jobDeadlineMs } = settings;
  const { stallMs, drainTimeoutMs } = settings;
  const { queueMax, queueBytesMax, pendingBytesMax } = settings;
  const { backlogMax, backlogBytesMax, backlogTotalBytesMax } = settings;
  const { servicesMax, workersMax, clientsMax } = settings;
  const { framesMax, frameBytesMax, messageBytesMax, http, metricsServicesMax } = settings;
  const { curveSecretKeyFile, policy: policyFile, httpTokenFile, durableSecretKeyFile } = settings;
  if (settings.durable && http === undefined)
    throw new UsageError(`${flagOf('durable')} needs ${flagOf('http')}`);
  const keyIn = async (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? undefined : readSecretKey(file);
  const secretKey = await keyIn(curveSecretKeyFile);
  const durableKey = await keyIn(durableSecretKeyFile);
  const durable = settings.durable
    ? connectDurableWork(() => {
        const { endpoint, curve } = wayTo({ broker, secretKey }, bind, durableKey);
        return { brokers: [endpoint], ...(curve ? { curve } : {}) };
      })
    : undefined;
  const httpToken = httpTokenFile === undefined ? undefined : await readToken(httpTokenFile);
  const broker: Broker = new Broker({
    bind,
    heartbeatMs,
    liveness,
    serviceExpiryMs,
    attemptsMax,
    jobDeadlineMs,
    drainTimeoutMs,
    queueMax,
    queueBytesMax,
    pendingBytesMax,
    backlogMax,
    backlogBytesMax,
    backlogTotalBytesMax,
    stallMs,
    servicesMax,
    workersMax,
    clientsMax,
    limits: { framesMax, frameBytesMax, messageBytesMax },
    http,
    httpToken,
    metricsServicesMax,
    ...(durable ? { durable } : {}),
    ...(secretKey === undefined ? {} : { curve: { secretKey } }),
    ...(policyFile === undefined ? {} : { policy: await readPolicy(policyFile) }),
    logger,
  });
  const failed = new Promise<never>((_, reject) => {
    broker.once('failed', (cause) => {
      reject(new CliError(EXIT.failure, `the broker failed: ${String(cause)}`, { cause }));
    });
  });
  failed.catch(() => undefined);
  const reload = policyFile === undefined ? undefined : () => void reloadPolicy(broker, policyFile, logger);
  return { broker, secretKey, durable, failed, reload };
}

async function reloadPolicy(broker: Broker, path: string, logger: Logger): Promise<void> {
  try {
    broker.setPolicy(await readPolicy(path));
  } catch (error) {
    logger.error(
      { event: 'policyRefused', policy: path, err: error },
      'policy not replaced: the one before holds on',
    );
  }
}

/** Says where a broker that was started is to be found. */
export async function tellOfBroker({ endpoints, httpAddress }: Broker, output: Output): Promise<void> {
  for (const endpoint of endpoints) await output.line(`majordomo broker listening on ${endpoint}`);
  if (httpAddress) await output.line(`majordomo broker shown at ${httpAddress}`);
}
