import { Broker } from '@majordomo/broker';
import type { Invocation } from '../command';
import { CliError, EXIT, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { readToken } from '../settings/token-file';
import { untilShutdown } from '../signals';
import type { BrokerSetting } from './broker-settings';

/** `majordomo broker`: serves until a signal asks for the end, then drains. */
export async function run({ settings, output }: Invocation<BrokerSetting>): Promise<ExitCode> {
  const { attempts, framesMax, frameBytesMax, messageBytesMax, logLevel, http, httpTokenFile, ...options } =
    settings;
  const logger = await createLogger(logLevel);
  const limits = { framesMax, frameBytesMax, messageBytesMax };
  const httpToken = httpTokenFile === undefined ? undefined : await readToken(httpTokenFile);
  const broker = new Broker({ ...options, http, httpToken, attemptsMax: attempts, limits, logger });
  const failed = new Promise<never>((_, reject) => {
    broker.once('failed', (cause) => {
      reject(new CliError(EXIT.failure, `the broker failed: ${String(cause)}`, { cause }));
    });
  });
  const shutdown = untilShutdown();
  await broker.start();
  for (const endpoint of broker.endpoints) await output.line(`majordomo broker listening on ${endpoint}`);
  if (broker.httpAddress) await output.line(`majordomo broker shown at ${broker.httpAddress}`);
  logger.info({ event: 'shutdown', signal: await Promise.race([shutdown, failed]) }, 'draining');
  await broker.drain();
  return EXIT.ok;
}
