import { Broker, type BrokerOptions } from '@majordomo/broker';
import { leakCheck } from '@majordomo/testkit';
import { runBroker } from '../../src/fuzz/broker-run';
import { runEndpoint } from '../../src/fuzz/endpoint-run';
import { socketLines } from '../../src/fuzz/report';

leakCheck({ timeoutMs: 5_000 });

test('a broker: hostile peers of all dialects are counted and forgotten, and disturb nobody', async () => {
  const report = await runBroker({ seed: 1, messages: 20_000, peers: 8, p99MsMax: Infinity });
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
    const report = await runEndpoint({ target, seed: 1, messages: 2_000 });
    expect(report.objections).toEqual([]);
    expect(report.messages).toBeGreaterThanOrEqual(2_000);
    expect(report.rejected).toBeGreaterThan(50);
    expect(report.outcomes['answered']).toBeGreaterThan(0);
    expect(socketLines(report).join('\n')).toContain('connections');
  },
  120_000,
);

describe('what a broker does wrong is found', () => {
  const objectionsTo = async (broker: new (options: BrokerOptions) => Broker): Promise<string> => {
    const { objections } = await runBroker({
      seed: 2,
      messages: 2_000,
      peers: 4,
      p99MsMax: Infinity,
      broker,
    });
    return objections.join('\n');
  };

  test('it miscounts what it refuses', async () => {
    class Miscounting extends Broker {
      override describe() {
        const state = super.describe();
        return { ...state, rejections: { ...state.rejections, truncated: 0 } };
      }
    }
    expect(await objectionsTo(Miscounting)).toMatch(/counted wrong: truncated: counted 0, sent \d+/);
  }, 60_000);

  test('a listener of it throws where nobody catches it', async () => {
    class Throwing extends Broker {
      constructor(options: BrokerOptions) {
        super(options);
        this.once('messageRejected', () => {
          setImmediate(() => void Promise.reject(new Error('nobody catches this')));
        });
      }
    }
    expect(await objectionsTo(Throwing)).toContain('nobody catches this');
  }, 60_000);
});
