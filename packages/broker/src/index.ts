export type { PolicyInput } from './core/access/policy';
export type { Counters, RejectionCounts } from './core/counters';
export type { BrokerEvent } from './core/outbound';
export type { WorkerLostReason } from './core/records';
export {
  generateKeyPair,
  publicKeyOf,
  readKeyFile,
  writeKeyFiles,
  type KeyFile,
  type KeyFiles,
  type KeyPair,
} from '@majordomo/transport';
export { Broker, type BrokerEvents } from './shell/broker';
export { brokerOptionsSchema, type BrokerOptions, type ResolvedBrokerOptions } from './shell/options';
export type {
  DurableAction,
  DurableCounts,
  DurablePage,
  DurableQuery,
  DurableRequest,
  DurableState,
  DurableWork,
} from './visibility/durable/durable-work';
