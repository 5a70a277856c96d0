import type { BrokerOptions } from '@majordomo/broker';
import { RunError } from '../errors';
import type { BrokerStats, PartParams } from './parts/part';
import { PartProcess } from './process';
import { atMost, number, type Check } from './report';

/** How often a state that is waited for is looked at, in ms. */
const LOOK_MS = 50;

/** How long the tables may take to be empty again after their peers have left, in ms. */
const EMPTY_WITHIN_MS = 20_000;

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A broker in a process of its own, and other processes beside it. */
export class Bed {
  readonly #others = new Set<{ kill(): Promise<void> }>();

  private constructor(readonly broker: PartProcess<'broker'>) {}

  static async make(options: BrokerOptions): Promise<Bed> {
    return new Bed(await PartProcess.start({ part: 'broker', options }));
  }

  /** Starts a process that plays a part at this broker. */
  async add<Part extends PartParams['part']>(
    params: PartParams & { readonly part: Part },
  ): Promise<PartProcess<Part>> {
    const part = await PartProcess.start<Part>(params);
    this.#others.add(part);
    return part;
  }

  /**
   * Waits until something holds of the broker, and returns what it was then, and how long it took in ms.
   * @throws RunError where it does not hold in time
   */
  async until(
    what: string,
    holds: (stats: BrokerStats) => boolean,
    withinMs = EMPTY_WITHIN_MS,
  ): Promise<{ stats: BrokerStats; tookMs: number }> {
    const startedAt = performance.now();
    for (;;) {
      const stats = await this.broker.stats();
      const tookMs = performance.now() - startedAt;
      if (holds(stats)) return { stats, tookMs };
      if (tookMs > withinMs) {
        throw new RunError(`No ${what} within ${withinMs} ms: ${JSON.stringify(stats)}`);
      }
      await sleep(LOOK_MS);
    }
  }

  /** Ends every process. */
  async end(): Promise<void> {
    await Promise.all([...this.#others].map((part) => part.kill()));
    await this.broker.kill();
  }
}

/** Checks that nothing is left of those who have gone, and how long that took. */
export async function emptyAgain(
  bed: Bed,
  left: { services: number; workers: number; clients: number },
): Promise<{ checks: Check[]; tookMs: number }> {
  const isEmpty = ({ services, workers, clients, queued, inFlight }: BrokerStats) =>
    services <= left.services &&
    workers <= left.workers &&
    clients <= left.clients &&
    queued <= left.services &&
    inFlight <= left.workers;
  const state = ({ services, workers, clients, queued, inFlight }: BrokerStats) =>
    `${services} services, ${workers} workers, ${clients} clients, ${queued} queued, ${inFlight} in flight`;
  try {
    const { stats, tookMs } = await bed.until('empty tables', isEmpty);
    const check = { what: 'tables afterwards', holds: true, seen: state(stats), bound: 'those who are left' };
    return { checks: [check], tookMs };
  } catch (error) {
    if (!(error instanceof RunError) || !bed.broker.isAlive) throw error;
    const seen = state(await bed.broker.stats());
    return {
      checks: [{ what: 'tables afterwards', holds: false, seen, bound: 'those who are left' }],
      tookMs: EMPTY_WITHIN_MS,
    };
  }
}

/** Checks that memory was no more than a bound beyond what it was without load. */
export function memoryCheck(peakBytes: number, baseBytes: number, boundBytes: number, of: string): Check {
  const mib = (bytes: number) => Math.ceil(bytes / (1_024 * 1_024));
  const check = atMost('memory at its peak', mib(peakBytes), mib(baseBytes + boundBytes), 'MiB');
  return { ...check, bound: `${check.bound}: ${number(mib(baseBytes))} at rest and ${of}` };
}
