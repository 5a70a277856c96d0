import type { SettingKey } from '../settings/table';

/** What can be set of a titanic and its store, beside how it connects. */
export const TITANIC_SETTINGS = [
  'store',
  'storeRequestsMax',
  'storeFileBytesMax',
  'storeSchema',
  'storeConnectionsMax',
  'storeConnectTimeoutMs',
  'storeLookEveryMs',
  'rules',
  'retention',
  'deliveriesMax',
  'inHandBytesMax',
  'leaseMs',
  'bodyBytesMax',
  'batchMax',
  'keyWindowMs',
  'apiConcurrency',
  'waitsMax',
  'owner',
  'protocol',
  'framesMax',
  'frameBytesMax',
  'messageBytesMax',
  'drainTimeoutMs',
  'logLevel',
] as const satisfies readonly SettingKey[];

export type TitanicSetting = (typeof TITANIC_SETTINGS)[number];
