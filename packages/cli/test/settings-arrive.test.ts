import { SILENT } from '@majordomo/protocol';
import { leakCheck } from '@majordomo/testkit';
import type { RequestStore } from '@majordomo/titanic';
import type { Logger } from 'pino';
import { BROKER_SETTINGS, DURABLE_SETTINGS } from '../src/commands/broker-settings';
import { TITANIC_SETTINGS } from '../src/commands/titanic-settings';
import { brokerOf } from '../src/server/broker';
import { titanicOf } from '../src/server/titanic';
import { resolveSettings } from '../src/settings/resolve';
import { SETTINGS, type SettingKey, type Settings } from '../src/settings/table';

leakCheck();

const logger = SILENT as unknown as Logger;

/** Numbers that are all different, for those settings that take one; each fits every bound there is. */
function numbersFor(keys: readonly SettingKey[]): Record<string, number> {
  const numbers = keys.filter((key) => SETTINGS[key].takes === 'number');
  return Object.fromEntries(numbers.map((key, index) => [key, 100 + index]));
}

/** Settings as a command line has them. */
function given<Key extends SettingKey>(
  keys: readonly Key[],
  numbers: Record<string, number>,
): Promise<Settings<Key>> {
  const flags = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, String(value)]));
  return resolveSettings(keys, { flags, env: {}, defaults: {} });
}

test('every number that is set of a broker arrives at it', async () => {
  const numbers = numbersFor(BROKER_SETTINGS);
  const settings = await given([...BROKER_SETTINGS, ...DURABLE_SETTINGS], numbers);
  const { broker } = await brokerOf(settings, logger);
  const { limits, ...options } = broker.options;
  expect(Object.keys(numbers).length).toBeGreaterThan(15);
  expect({ ...options, ...limits }).toMatchObject(numbers);
});

test('so it is with a titanic', async () => {
  const keys = TITANIC_SETTINGS.filter((key) => !key.startsWith('store'));
  const { deliveriesMax: concurrency, ...numbers } = numbersFor(keys);
  const settings = await given(TITANIC_SETTINGS, { ...numbers, deliveriesMax: concurrency! });
  const store = { claim: () => undefined, subscribe: () => () => undefined } as unknown as RequestStore;
  const place = { brokers: ['tcp://127.0.0.1:1'], curve: undefined, store, logger };
  const { limits, ...options } = titanicOf(settings, place).options;
  expect(Object.keys(numbers).length).toBeGreaterThan(10);
  expect({ ...options, ...limits }).toMatchObject({ ...numbers, concurrency });
});
