import type { Invocation } from '../command';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { curveOf } from '../security';
import { openStore, tellOfStore } from '../server/store';
import { serve, titanicOf } from '../server/titanic';
import { untilShutdown } from '../signals';
import type { CurveSetting } from './curve-settings';
import type { TitanicSetting } from './titanic-settings';

type Setting = 'broker' | TitanicSetting | CurveSetting;

/** `majordomo titanic`: keeps and delivers durable requests until a signal asks for the end, then drains. */
export async function run({ settings, output }: Invocation<Setting>): Promise<ExitCode> {
  const { store: choice, broker: brokers } = settings;
  if (!choice) {
    throw new UsageError(
      'titanic needs --store, or MAJORDOMO_STORE: sqlite:FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    );
  }
  const logger = await createLogger(settings.logLevel);
  const curve = await curveOf(settings);
  const shutdown = untilShutdown();
  const { store, lost } = await openStore(choice, settings);
  try {
    const titanic = titanicOf(settings, { brokers, curve, store, logger });
    await tellOfStore(choice, store, output);
    await serve(titanic, { shutdown, failures: [lost], logger, output });
  } finally {
    await store.close();
  }
  return EXIT.ok;
}
