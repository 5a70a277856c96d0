import { createHash } from 'node:crypto';
import { Random } from '../../random';
import type { Entry } from '../ledger';
import type { ParamsOf } from './params';

/** What its submitter does with an entry once it is stored. */
export interface Wish {
  readonly entry: Entry;
  /** Waits for its end, and reads what came of it; closes it then. */
  readonly read: boolean;
  readonly close: boolean;
  /** Takes it back, or moves it to another time, as soon as it is stored. */
  readonly cancel: boolean;
  readonly moveTo: number | null;
}

/** How far ahead what is for later is due at the least, in ms. */
const LATER_MS_MIN = 300;
/** How far ahead what is cancelled or moved is due, as a part of the longest: there should be time, though not always. */
const CHANGED = 0.4;

type Shape = 'now' | 'later' | 'mortal' | 'key' | 'flaky' | 'doomed' | 'cancel' | 'move';

/** What comes of RFC 9 is plain; the others want all there is. */
const SHAPES: Readonly<Record<'client' | 'rfc9', Partial<Record<Shape, number>>>> = {
  client: { now: 52, later: 20, mortal: 10, key: 4, flaky: 4, doomed: 2, cancel: 4, move: 4 },
  rfc9: { now: 94, flaky: 4, doomed: 2 },
};

/** A UUID that is the same for the same token. */
const idOf = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 32);

/** Draws an entry; all of it comes from the seed and the token, but for the time that its times are counted from. */
export function drawWish(params: ParamsOf<'submitter'>, token: string, now: number): Wish {
  const { by, mix, seed, dueAt, laterMsMax } = params;
  const random = new Random(`${seed} ${token}`);
  const isByClient = by === 'client';
  const entry: Entry = {
    token,
    id: isByClient ? idOf(token) : null,
    want: 'work',
    dueAt: null,
    ttlMs: null,
    key: null,
    priority: isByClient ? random.oneOf([0, 4, 4, 4, 4, 9]) : 4,
    bytes: random.next() < 0.02 ? random.between(2_000, 20_000) : random.between(0, 300),
  };
  const wish: Wish = {
    entry,
    read: random.next() < 0.1,
    close: random.next() < 0.3,
    cancel: false,
    moveTo: null,
  };
  if (mix === 'one-time')
    return { ...wish, entry: { ...entry, dueAt, bytes: entry.bytes % 300 }, read: false };
  const later = (msMax: number): number => now + random.between(LATER_MS_MIN, msMax);
  const changedMsMax = Math.max(LATER_MS_MIN, Math.round(laterMsMax * CHANGED));
  const as = (fields: Partial<Entry>, what: Partial<Wish> = {}): Wish => ({
    ...wish,
    ...what,
    entry: { ...entry, ...fields },
  });
  switch (random.weighted(SHAPES[by] as Record<Shape, number>)) {
    case 'now':
      return wish;
    case 'later':
      return as({ dueAt: later(laterMsMax) });
    case 'mortal':
      return as({ dueAt: random.next() < 0.5 ? null : later(laterMsMax), ttlMs: random.between(1, 3_000) });
    case 'key':
      return as({ key: `key of ${token}` });
    case 'flaky':
      return as({ want: 'flaky' });
    case 'doomed':
      return as({ want: 'doomed' });
    case 'cancel':
      return as({ dueAt: later(changedMsMax) }, { cancel: true });
    case 'move':
      return as({ dueAt: later(changedMsMax) }, { moveTo: later(laterMsMax) });
  }
}
