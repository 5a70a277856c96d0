import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { Outcome } from './messages';

/** What the pool takes as the result of a task, where memory changes hands with it. */
export function movable({ outcome, transfer }: { outcome: Outcome; transfer: ArrayBuffer[] }): unknown {
  if (transfer.length === 0) return outcome;
  return move({ [transferableSymbol]: transfer, [valueSymbol]: outcome });
}
