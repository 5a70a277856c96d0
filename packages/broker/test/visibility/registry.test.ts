import { leakCheck } from '@majordomo/testkit';
import { Registry } from 'prom-client';
import { Broker } from '../../src/index';
import { closeBrokers, serve } from '../wire/served';

leakCheck();
afterEach(closeBrokers);

test('a registry of the user has the metrics while the broker serves, and no HTTP', async () => {
  const registry = new Registry();
  const { broker } = await serve({ metrics: registry });
  const text = await registry.metrics();
  expect(text).toContain('# TYPE majordomo_requests_total counter');
  expect(text).toMatch(/^majordomo_build_info\{version="[^"]+",node="[^"]+"\} 1$/m);
  expect(broker.httpAddress).toBeUndefined();
  await broker.close();
  expect(registry.getMetricsAsArray()).toEqual([]);
});

test('two brokers cannot share one, and the first one keeps it', async () => {
  const registry = new Registry();
  await serve({ metrics: registry });
  const second = new Broker({ bind: 'tcp://127.0.0.1:0', metrics: registry });
  await expect(second.start()).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
    message: expect.stringContaining('a registry of its own'),
  });
  expect(registry.getSingleMetric('majordomo_requests_total')).toBeDefined();
});

test('what is no registry is refused by name', () => {
  for (const metrics of [{}, null, 'register', 5])
    expect(() => new Broker({ metrics: metrics as never })).toThrow(
      'metrics: should be a registry of prom-client',
    );
});

test.each(['127.0.0.1', ':80', '127.0.0.1:', '127.0.0.1:70000', 'http://a:1', '::1:80', 'a b:1'])(
  'http cannot be %s',
  (http) => {
    expect(() => new Broker({ http })).toThrow('http: should be HOST:PORT');
  },
);

test.each(['short', 'with a space in the middle', 'ümlaute-sind-kein-ascii'])(
  'httpToken cannot be %s',
  (httpToken) => {
    expect(() => new Broker({ httpToken })).toThrow('httpToken: should be 16 to 4,096');
  },
);
