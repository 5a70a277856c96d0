import type { SettingKey } from '../settings/table';

/** What can be set of a broker. */
export const BROKER_SETTINGS = [
  'bind',
  'curveSecretKeyFile',
  'policy',
  'heartbeatMs',
  'liveness',
  'serviceExpiryMs',
  'attemptsMax',
  'jobDeadlineMs',
  'drainTimeoutMs',
  'queueMax',
  'queueBytesMax',
  'pendingBytesMax',
  'backlogMax',
  'backlogBytesMax',
  'backlogTotalBytesMax',
  'stallMs',
  'servicesMax',
  'workersMax',
  'clientsMax',
  'framesMax',
  'frameBytesMax',
  'messageBytesMax',
  'http',
  'httpTokenFile',
  'metricsServicesMax',
  'logLevel',
] as const satisfies readonly SettingKey[];

export type BrokerSetting = (typeof BROKER_SETTINGS)[number];

/** Whether the dashboard of a broker shows the durable work behind it, and with which key it asks. */
export const DURABLE_SETTINGS = ['durable', 'durableSecretKeyFile'] as const satisfies readonly SettingKey[];

export type DurableSetting = (typeof DURABLE_SETTINGS)[number];
