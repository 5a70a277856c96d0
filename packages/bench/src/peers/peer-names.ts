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

/** All peers: those, and ours while it is watched. */
export const PEER_NAMES = [...COMPARED, 'ours-packed-metrics', 'ours-packed-tracing'] as const;

export type PeerName = (typeof PEER_NAMES)[number];

/** The peer that is compared with the others. */
export const OURS: PeerName = 'ours-packed';
