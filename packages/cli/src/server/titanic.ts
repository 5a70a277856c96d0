import { Titanic, type RequestStore, type TitanicOptions } from '@majordomo/titanic';
import type { Logger } from 'pino';
import type { TitanicSetting } from '../commands/titanic-settings';
import type { Output } from '../output';
import type { CurveKeys } from '../security';
import type { Settings } from '../settings/table';

/** The name under which `rules` has those of all services that have none of their own. */
const ALL_OTHERS = '*';

/** What a titanic is made of, beside its settings. */
export interface TitanicPlace {
  readonly brokers: readonly string[];
  readonly curve: CurveKeys | undefined;
  readonly store: RequestStore;
  readonly logger: Logger;
}

/**
 * A titanic as the settings have it, still to be started.
 * @throws InvalidOptionsError
 */
export function titanicOf(settings: Settings<TitanicSetting>, place: TitanicPlace): Titanic {
  const { [ALL_OTHERS]: defaults = {}, ...services } = settings.rules ?? {};
  const { framesMax, frameBytesMax, messageBytesMax } = settings;
  const options: TitanicOptions = {
    ...place,
    protocol: settings.protocol,
    limits: { framesMax, frameBytesMax, messageBytesMax },
    defaults,
    services,
    retention: settings.retention,
    concurrency: settings.deliveriesMax,
    inHandBytesMax: settings.inHandBytesMax,
    leaseMs: settings.leaseMs,
    bodyBytesMax: settings.bodyBytesMax,
    batchMax: settings.batchMax,
    keyWindowMs: settings.keyWindowMs,
    apiConcurrency: settings.apiConcurrency,
    waitsMax: settings.waitsMax,
    owner: settings.owner,
    drainTimeoutMs: settings.drainTimeoutMs,
  };
  return new Titanic(options);
}

/** What a titanic that serves has to do with. */
export interface Service {
  /** Resolves with the signal that asks for the end. */
  readonly shutdown: Promise<NodeJS.Signals>;
  /** Each rejects where there is nothing left to go on with. */
  readonly failures: readonly Promise<never>[];
  readonly logger: Logger;
  readonly output: Output;
}

/**
 * Has a titanic deliver until a signal comes; then what is in hand is finished. Where something fails, it is given back.
 * Says with which broker the titanic is registered, each time that it is.
 */
export async function serve(
  titanic: Titanic,
  { shutdown, failures, logger, output }: Service,
): Promise<void> {
  titanic.on('registered', ({ broker }) => {
    void output.line(`majordomo titanic registered with ${broker}`);
  });
  try {
    await titanic.start();
    const signal = await Promise.race([shutdown, ...failures]);
    logger.info({ event: 'shutdown', signal }, 'draining');
    await titanic.drain();
  } finally {
    await titanic.close();
  }
}
