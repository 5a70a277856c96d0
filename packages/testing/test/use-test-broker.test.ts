import { leakCheck } from '@majordomo/testkit';
import { expectError, holds, useTestBroker, type FakeWorker, type TestBroker } from '../src/index';

leakCheck();

describe('with the hooks of this runner', () => {
  const bus = useTestBroker({ queueMax: 5 });
  const brokers = new Set<TestBroker>();
  let earlier: FakeWorker | undefined;

  test('there is a broker', async () => {
    brokers.add(bus.broker);
    expect(bus.endpoint).toBe(bus.broker.endpoint);
    earlier = await bus.fakeWorker('mail', 'sent');
    expect((await bus.client().request('mail')).text()).toBe('sent');
    bus.broker.network.drop();
  });

  test('it is the same for the next test, which sees nothing of the one before', async () => {
    expect(brokers.has(bus.broker)).toBe(true);
    expect(earlier?.link.connections).toBe(0);
    await expectError(bus.client().request('mail', 'x', { failFast: true }), 'NO_WORKER');
    await bus.broker.crash();
  });

  test('it is up again after a test that left it down', async () => {
    const mail = await bus.fakeWorker('mail', holds());
    const request = bus.client().request('mail', 'x');
    (await mail.expectRequest()).answer('by hand');
    expect((await request).text()).toBe('by hand');
  });
});

describe('with hooks that are handed in', () => {
  test('it starts, resets and closes when they are called', async () => {
    const called: Record<string, () => Promise<void>> = {};
    const bus = useTestBroker(
      {},
      {
        beforeAll: (run) => (called['beforeAll'] = run),
        afterEach: (run) => (called['afterEach'] = run),
        afterAll: (run) => (called['afterAll'] = run),
      },
    );
    expect(() => bus.broker).toThrow(expect.objectContaining({ code: 'STATE' }));
    await called['beforeAll']?.();
    await bus.fakeWorker('mail', 'sent');
    await called['afterEach']?.();
    expect(bus.broker.workers('mail')).toBe(0);
    await called['afterAll']?.();
    expect(() => bus.broker).toThrow(expect.objectContaining({ code: 'STATE' }));
  });
});

test('a runner without hooks is told so', () => {
  const globals = globalThis as { beforeAll?: unknown };
  const { beforeAll } = globals;
  delete globals.beforeAll;
  try {
    expect(() => useTestBroker()).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  } finally {
    globals.beforeAll = beforeAll;
  }
});
