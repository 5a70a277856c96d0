import { leakCheck } from '@majordomo/testkit';
import { runBroker } from '../../src/fuzz/broker-run';
import { runEndpoint } from '../../src/fuzz/endpoint-run';
import { socketLines } from '../../src/fuzz/report';
import { watchUncaught } from '../../src/fuzz/watch';

leakCheck();

test('what nobody catches is written down until nobody looks any more', () => {
  const watch = watchUncaught();
  process.emit('unhandledRejection', new Error('nobody handles this'), Promise.resolve());
  process.emit('uncaughtException', new Error('nobody catches this'));
  watch.stop();
  expect(process.listenerCount('uncaughtException')).toBe(0);
  expect(watch.thrown).toEqual([
    expect.stringContaining('nobody handles this'),
    expect.stringContaining('nobody catches this'),
  ]);
});

test('a broker: hostile peers of all dialects are counted and forgotten, and disturb nobody', async () => {
  const report = await runBroker({
    seed: 1,
    messages: 20_000,
    peers: 8,
    p99MsMax: Infinity,
    judgesMemory: false,
  });
  expect(report.objections).toEqual([]);
  expect(report.messages).toBeGreaterThanOrEqual(20_000);
  expect(report.bystanders.requests).toBeGreaterThan(50);
  for (const name of ['answered', 'withdrawn', 'clientsWelcomed', 'workersRegistered', 'protocolErrors']) {
    expect([name, report.counters[name]]).not.toEqual([name, 0]);
  }
  expect(socketLines(report).join('\n')).toContain('well-behaved peers');
}, 120_000);

test.each(['client', 'worker'] as const)(
  'a %s: a hostile broker is hung up on, and an honest one still served',
  async (target) => {
    const report = await runEndpoint({ target, seed: 1, messages: 2_000, judgesMemory: false });
    expect(report.objections).toEqual([]);
    expect(report.messages).toBeGreaterThanOrEqual(2_000);
    expect(report.rejected).toBeGreaterThan(50);
    expect(report.outcomes['answered']).toBeGreaterThan(0);
    expect(socketLines(report).join('\n')).toContain('connections');
  },
  120_000,
);
