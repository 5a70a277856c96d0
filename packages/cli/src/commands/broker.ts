import type { Invocation } from '../command';
import { EXIT, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { brokerOf, tellOfBroker } from '../server/broker';
import { untilShutdown } from '../signals';
import type { BrokerSetting } from './broker-settings';

/** `majordomo broker`: serves until a signal asks for the end, then drains; SIGHUP has it read its policy again. */
export async function run({ settings, output }: Invocation<BrokerSetting>): Promise<ExitCode> {
  const logger = await createLogger(settings.logLevel);
  const { broker, failed, reload } = await brokerOf(settings, logger);
  const shutdown = untilShutdown(reload);
  await broker.start();
  await tellOfBroker(broker, output);
  logger.info({ event: 'shutdown', signal: await Promise.race([shutdown, failed]) }, 'draining');
  await broker.drain();
  return EXIT.ok;
}
