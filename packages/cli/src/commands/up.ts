import type { Invocation } from '../command';
import { EXIT, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { brokerOf, tellOfBroker } from '../server/broker';
import { readSecretKey } from '../security';
import { openStore, tellOfStore } from '../server/store';
import { serve, titanicOf } from '../server/titanic';
import { wayTo } from '../server/way';
import { DEFAULT_STORE } from '../settings/store';
import { untilShutdown } from '../signals';
import type { BrokerSetting } from './broker-settings';
import type { TitanicSetting } from './titanic-settings';

type Setting = BrokerSetting | TitanicSetting | 'titanicSecretKeyFile';

/**
 * `majordomo up`: a broker and a titanic in one process until a signal asks for the end. Then titanic goes first, for it
 * needs the broker to finish what it has in hand, then its store, then the broker.
 */
export async function run({ settings, output }: Invocation<Setting>): Promise<ExitCode> {
  const { store: choice = DEFAULT_STORE, bind, titanicSecretKeyFile } = settings;
  const logger = await createLogger(settings.logLevel);
  const titanicKey =
    titanicSecretKeyFile === undefined ? undefined : await readSecretKey(titanicSecretKeyFile);
  const ofBroker = { ...settings, durable: true, durableSecretKeyFile: titanicSecretKeyFile };
  const { broker, secretKey, durable, failed, reload } = await brokerOf(ofBroker, logger);
  const shutdown = untilShutdown(reload);
  const { store, lost } = await openStore(choice, settings);
  try {
    await broker.start();
    const { endpoint, curve } = wayTo({ broker, secretKey }, bind, titanicKey);
    const titanic = titanicOf(settings, { brokers: [endpoint], curve, store, logger });
    await tellOfBroker(broker, output);
    await tellOfStore(choice, store, output);
    await serve(titanic, { shutdown, failures: [failed, lost], logger, output });
  } finally {
    durable?.close();
    await store.close();
    await broker.drain();
  }
  return EXIT.ok;
}
