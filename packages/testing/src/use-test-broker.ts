import { InvalidOptionsError, StateError } from '@majordomo/protocol';
import type { Client, ClientOptions } from '@majordomo/client';
import { fakeWorker, type FakeWorker, type FakeWorkerOptions } from './fake-worker';
import type { Script } from './script';
import { startTestBroker, type TestBroker, type TestBrokerOptions } from './test-broker';

/** What a runner calls around tests. Those of Jest and Vitest fit; of `node:test`, `before` and `after` do. */
export interface TestHooks {
  beforeAll(run: () => Promise<void>): void;
  afterEach(run: () => Promise<void>): void;
  afterAll(run: () => Promise<void>): void;
}

/** The broker that the tests of a file or a `describe` share. */
export interface SharedTestBroker {
  /** @throws StateError before the tests begin */
  readonly broker: TestBroker;
  readonly endpoint: string;
  /** The same as {@link TestBroker.client}. */
  client(options?: ClientOptions): Client;
  /** The same as the function {@link fakeWorker}. */
  fakeWorker(service: string, script: Script, options?: FakeWorkerOptions): Promise<FakeWorker>;
}

/**
 * Gives the tests of a file, or of a `describe`, one broker: started before the first, closed after the last. After each
 * test, the clients, workers and links made through it are closed and all faults end, so that tests do not see each
 * other, and the runner ends by itself.
 *
 * ```ts
 * const bus = useTestBroker();
 *
 * test('sends a mail', async () => {
 *   const mail = await bus.fakeWorker('mail', replies('sent'));
 *   …
 * });
 * ```
 * @param options - those of {@link startTestBroker}
 * @param hooks - of the runner; by default the globals `beforeAll`, `afterEach` and `afterAll`
 * @throws InvalidOptionsError where there are no such globals and no `hooks`
 */
export function useTestBroker(
  options: TestBrokerOptions = {},
  hooks: TestHooks = globalHooks(),
): SharedTestBroker {
  let broker: TestBroker | undefined;
  const current = (): TestBroker => {
    if (broker) return broker;
    throw new StateError(
      'The shared test broker is there from beforeAll to afterAll: use it within tests and hooks.',
    );
  };
  hooks.beforeAll(async () => {
    broker = await startTestBroker(options);
  });
  hooks.afterEach(() => current().reset());
  hooks.afterAll(async () => {
    await broker?.close();
    broker = undefined;
  });
  return {
    get broker() {
      return current();
    },
    get endpoint() {
      return current().endpoint;
    },
    client: (clientOptions) => current().client(clientOptions),
    fakeWorker: (service, script, workerOptions) => fakeWorker(current(), service, script, workerOptions),
  };
}

function globalHooks(): TestHooks {
  const { beforeAll, afterEach, afterAll } = globalThis as Partial<TestHooks>;
  if (beforeAll && afterEach && afterAll) return { beforeAll, afterEach, afterAll };
  throw new InvalidOptionsError(
    'This runner has no global beforeAll, afterEach and afterAll: hand its own in as the second argument.',
  );
}
