import { setTimeout } from 'node:timers/promises';
import { Broker } from '@majordomo/broker';
import { isMajordomoError } from '@majordomo/protocol';
import type { BrokerSample, RunningPart, Say } from './messages';
import type { ParamsOf } from './params';

/** How often a broker tells how it is, in ms. */
const SAMPLE_MS = 500;

/**
 * How long a port may be taken by somebody else while its broker is away, in ms, and how often it is tried. Connections
 * out of this machine take such ports too.
 */
const BIND_PATIENCE_MS = 20_000;
const BIND_EVERY_MS = 50;

/** A broker as its users run it: SIGTERM drains it. */
export async function playBroker(params: ParamsOf<'broker'>, say: Say): Promise<RunningPart> {
  const broker = await bind(params);
  const listeningAt = performance.now();
  broker.on('workerRegistered', () => {
    const { workers } = broker.describe();
    say({ kind: 'registered', workers, afterMs: performance.now() - listeningAt });
  });
  const tell = (): void => say({ kind: 'sample', sample: sampleOf(broker) });
  const timer = setInterval(tell, SAMPLE_MS);
  return {
    endpoint: broker.endpoints[0]!,
    hear: tell,
    end: async () => {
      await broker.drain();
      clearInterval(timer);
      tell();
    },
  };
}

async function bind({ bind, rhythm, attemptsMax, jobDeadlineMs }: ParamsOf<'broker'>): Promise<Broker> {
  const { heartbeatMs, liveness } = rhythm;
  const patientUntil = performance.now() + BIND_PATIENCE_MS;
  for (;;) {
    const broker = new Broker({ bind, heartbeatMs, liveness, attemptsMax, jobDeadlineMs });
    try {
      await broker.start();
      return broker;
    } catch (error) {
      if (!isMajordomoError(error, 'BIND_FAILED') || performance.now() > patientUntil) throw error;
      await setTimeout(BIND_EVERY_MS);
    }
  }
}

function sampleOf(broker: Broker): BrokerSample {
  const { memoryBytes, workers, queued, inFlight, counters, rejections } = broker.describe();
  return { rssBytes: memoryBytes, workers, queued, inFlight, counters, rejections };
}
