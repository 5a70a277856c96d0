import type { Worker } from '@majordomo/worker';

/**
 * Tells when all workers are registered with a broker, and again when they are after one of them was not.
 * @param complete - is given the broker
 */
export function watchRegistrations(workers: readonly Worker[], complete: (broker: string) => void): void {
  const registered = new Map<string, Set<Worker>>();
  for (const worker of workers) {
    worker.on('registered', ({ broker }) => {
      const there = registered.get(broker) ?? new Set();
      registered.set(broker, there.add(worker));
      if (there.size === workers.length) complete(broker);
    });
    worker.on('lost', ({ broker }) => registered.get(broker)?.delete(worker));
  }
}
