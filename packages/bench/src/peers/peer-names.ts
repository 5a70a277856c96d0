/** The peers that are compared where nobody names any, ours first, in the order of every table. */
export const COMPARED = [
  'ours-packed',
  'ours-secured',
  'ours-0.2',
  'ours-0.1',
  'nats',
  'bullmq',
  'http',
  'grpc',
  'raw',
  'raw-frames',
] as const;

/** The peers that keep what they are given: those of durable work, ours first. */
export const DURABLE = [
  'titanic-sqlite',
  'titanic-postgres',
  'bullmq-always',
  'bullmq-default',
  'pg-boss',
  'pg-boss-replies',
] as const;

export type DurableName = (typeof DURABLE)[number];

/** All peers: those, and those that explain a figure. */
export const PEER_NAMES = [
  ...COMPARED,
  'ours-packed-metrics',
  'ours-packed-tracing',
  'raw-one-each',
  ...DURABLE,
] as const;

export type PeerName = (typeof PEER_NAMES)[number];

/** The peer that is compared with the others. */
export const OURS: PeerName = 'ours-packed';

/** Whether a peer is one of durable work. */
export function isDurable(name: PeerName): name is DurableName {
  return (DURABLE as readonly PeerName[]).includes(name);
}
