/** The peers by name, ours first, in the order of every table. */
export const PEER_NAMES = [
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

export type PeerName = (typeof PEER_NAMES)[number];

/** The peer that is compared with the others. */
export const OURS: PeerName = 'ours-packed';
