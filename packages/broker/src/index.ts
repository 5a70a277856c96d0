export type { Counters, RejectionCounts } from './core/counters';
export type { BrokerEvent } from './core/outbound';
export type { WorkerLostReason } from './core/records';
export { Broker, type BrokerEvents } from './shell/broker';
export { brokerOptionsSchema, type BrokerOptions, type ResolvedBrokerOptions } from './shell/options';
