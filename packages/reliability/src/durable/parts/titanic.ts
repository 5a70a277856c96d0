import { setTimeout as delay } from 'node:timers/promises';
import { isMajordomoError, PostgresStore, SqliteStore, Titanic, type RequestStore } from '@majordomo/titanic';
import type { RunningPart } from './messages';
import { Fate, mortalStore } from './mortal';
import type { ParamsOf, StorePlace } from './params';
import { plantedStore } from './planted';

/** How long the store may be away when a titanic starts, in ms, and how often it is tried. */
const STORE_PATIENCE_MS = 40_000;
const STORE_EVERY_MS = 100;

/** Attempts that no request uses up: what becomes a dead letter here was never meant to be done. */
const ATTEMPTS = 1_000;
const ATTEMPT_TIMEOUT_MS = 10_000;

/** A titanic as its users run it, with a store that kills it where it is told to. SIGTERM drains it. */
export async function playTitanic(params: ParamsOf<'titanic'>): Promise<RunningPart> {
  const { broker, leaseMs, pace, plant } = params;
  const fate = new Fate();
  const store = await openStore(params.store);
  const titanic = new Titanic({
    brokers: broker,
    store: mortalStore(plant ? plantedStore(store, plant) : store, fate),
    leaseMs,
    reconnectMinMs: 20,
    reconnectMaxMs: 200,
    defaults: { attempts: ATTEMPTS, backoffMinMs: 20, backoffMaxMs: 500, timeoutMs: ATTEMPT_TIMEOUT_MS },
    services: pace ? { [pace.service]: { perSecond: pace.perSecond } } : {},
  });
  await titanic.start();
  return {
    hear: ({ death }) => fate.choose(death),
    end: async () => {
      await titanic.drain();
      await store.close();
    },
  };
}

/** Whoever runs a titanic starts it again until its database is there; here it waits itself. */
async function openStore(place: StorePlace): Promise<RequestStore> {
  const patientUntil = performance.now() + STORE_PATIENCE_MS;
  for (;;) {
    try {
      return place.kind === 'sqlite'
        ? await SqliteStore.open({ file: place.file })
        : await PostgresStore.open({ url: place.url, connectionsMax: 4, lookEveryMs: 1_000 });
    } catch (error) {
      if (!isMajordomoError(error, 'STORE_UNAVAILABLE') || performance.now() > patientUntil) throw error;
      await delay(STORE_EVERY_MS);
    }
  }
}
