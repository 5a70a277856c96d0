import type { PackedDirection } from '@majordomo/testkit';

/** The four ways of talk; the names are those of the testkit's codec. */
export type Direction = PackedDirection;
export const DIRECTIONS = [
  'client-to-broker',
  'broker-to-client',
  'worker-to-broker',
  'broker-to-worker',
] as const satisfies readonly Direction[];

/** What a message is spoken in: `req` is MDP/0.2 as a REQ client sends it, behind an empty frame. */
export const TONGUES = ['mdp/0.1', 'mdp/0.2', 'req', 'packed'] as const;
export type Tongue = (typeof TONGUES)[number];

/** The frames of one ZeroMQ message, without routing id. */
export type Frames = Buffer[];

/** What is said on one connection, one message after another: what a fuzzer tries, and what a case of the corpus holds. */
export interface Talk {
  readonly direction: Direction;
  readonly tongue: Tongue;
  /** The bounds of what receives it. */
  readonly limits: LimitsName;
  readonly messages: readonly Frames[];
}

/** Bounds that messages are held to: the default ones, and some that are soon reached. */
export const LIMITS = {
  default: { framesMax: 1_024, frameBytesMax: 64 * 1_024 * 1_024, messageBytesMax: 64 * 1_024 * 1_024 },
  small: { framesMax: 16, frameBytesMax: 9_000, messageBytesMax: 20_000 },
} as const;
export type LimitsName = keyof typeof LIMITS;

/** Bytes of all frames. */
export function bytesIn(frames: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.length;
  return bytes;
}
