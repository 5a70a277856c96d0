import { Broker, type PolicyInput } from '@majordomo/broker';
import type { Invocation } from '../command';
import { CliError, EXIT, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { readSecretKey } from '../security';
import { readConfigFile } from '../settings/config-file';
import { readToken } from '../settings/token-file';
import { untilShutdown } from '../signals';
import { brokerDurableWork } from './broker-durable-work';
import type { BrokerSetting } from './broker-settings';

/** A policy file, still to be validated. */
async function readPolicy(path: string): Promise<PolicyInput> {
  const policy: unknown = await readConfigFile(path, 'policy file');
  return policy as PolicyInput;
}

/** `majordomo broker`: serves until a signal asks for the end, then drains; SIGHUP has it read its policy again. */
export async function run({ settings, output }: Invocation<BrokerSetting>): Promise<ExitCode> {
  const { attempts, framesMax, frameBytesMax, messageBytesMax, logLevel, ...others } = settings;
  const { curveSecretKeyFile, policy: policyFile, httpTokenFile, ...shown } = others;
  const { durable: isDurable, durableSecretKeyFile, ...options } = shown;
  const logger = await createLogger(logLevel);
  const limits = { framesMax, frameBytesMax, messageBytesMax };
  const secretKey = curveSecretKeyFile === undefined ? undefined : await readSecretKey(curveSecretKeyFile);
  const httpToken = httpTokenFile === undefined ? undefined : await readToken(httpTokenFile);
  const durable = isDurable
    ? await brokerDurableWork({ ...options, durableSecretKeyFile }, secretKey, () => broker.endpoints)
    : undefined;
  const broker: Broker = new Broker({
    ...options,
    ...(secretKey === undefined ? {} : { curve: { secretKey } }),
    ...(policyFile === undefined ? {} : { policy: await readPolicy(policyFile) }),
    httpToken,
    ...(durable ? { durable } : {}),
    attemptsMax: attempts,
    limits,
    logger,
  });
  const failed = new Promise<never>((_, reject) => {
    broker.once('failed', (cause) => {
      reject(new CliError(EXIT.failure, `the broker failed: ${String(cause)}`, { cause }));
    });
  });
  const reload = async (path: string): Promise<void> => {
    try {
      broker.setPolicy(await readPolicy(path));
    } catch (error) {
      logger.error(
        { event: 'policyRefused', policy: path, err: error },
        'policy not replaced: the one before holds on',
      );
    }
  };
  const shutdown = untilShutdown(policyFile === undefined ? undefined : () => void reload(policyFile));
  await broker.start();
  for (const endpoint of broker.endpoints) await output.line(`majordomo broker listening on ${endpoint}`);
  if (broker.httpAddress) await output.line(`majordomo broker shown at ${broker.httpAddress}`);
  logger.info({ event: 'shutdown', signal: await Promise.race([shutdown, failed]) }, 'draining');
  durable?.close();
  await broker.drain();
  return EXIT.ok;
}
