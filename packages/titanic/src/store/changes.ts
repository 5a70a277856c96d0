import type { LifeEvent } from '../core/lifecycle';
import type { Change } from './store';

/** What a change is in the life of a request. */
export const EVENT_OF: Readonly<Record<Change['change'], LifeEvent>> = {
  cancel: 'cancel',
  move: 'change',
  edit: 'change',
  revive: 'revive',
};

/** Until when a request lives that is due at another time, or has another time to live. */
export function expiryOf(
  { due_at, expires_at }: { readonly due_at: number; readonly expires_at: number | null },
  dueAt: number,
  ttlMs: number | null | undefined,
): number | null {
  if (ttlMs !== undefined) return ttlMs === null ? null : dueAt + ttlMs;
  return expires_at === null ? null : expires_at + dueAt - due_at;
}
