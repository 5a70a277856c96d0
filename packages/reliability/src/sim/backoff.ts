import { backoffMs } from '@majordomo/protocol';
import type { Random } from './random';

const RECONNECT = { minMs: 20, maxMs: 320 };

/** The wait before the next try to connect, as the shells have it. */
export function backoff(random: Random): (failures: number) => number {
  return (failures) => backoffMs(failures, RECONNECT, random.fraction());
}
