import type { SettingKey } from '../settings/table';

/** What can be set of a broker. */
export const BROKER_SETTINGS = [
  'bind',
  'curveSecretKeyFile',
  'policy',
  'heartbeatMs',
  'liveness',
  'serviceExpiryMs',
  'attempts',
  'jobDeadlineMs',
  'drainTimeoutMs',
  'queueMax',
  'queueBytesMax',
  'pendingBytesMax',
  'servicesMax',
  'workersMax',
  'clientsMax',
  'framesMax',
  'frameBytesMax',
  'messageBytesMax',
  'http',
  'httpTokenFile',
  'durable',
  'durableSecretKeyFile',
  'metricsServicesMax',
  'logLevel',
] as const satisfies readonly SettingKey[];

export type BrokerSetting = (typeof BROKER_SETTINGS)[number];
