import type { NewRequest, RequestStore } from '@majordomo/titanic';
import { randomBytes } from 'node:crypto';
import { ECHO, LATER_MS } from './settings';

/** Requests in one transaction. */
const BATCH = 10_000;
/** What waits is spread over so long from {@link LATER_MS} on, in ms: a month. */
const SPREAD_MS = 2_592_000_000;

/** A body as the store has it: one frame, its count and its length in front. */
export function packedBody(bytes: number): Uint8Array {
  const packed = Buffer.alloc(8 + bytes, 'x');
  packed.writeUInt32LE(1, 0);
  packed.writeUInt32LE(bytes, 4);
  return packed;
}

/** Requests of the measured service that wait for times to come, through the store itself. */
export async function fillThrough(store: RequestStore, count: number, bytes: number): Promise<number> {
  const body = packedBody(bytes);
  for (let filled = 0; filled < count; filled += BATCH) {
    const requests = Array.from({ length: Math.min(BATCH, count - filled) }, () =>
      waiting(store.now(), body),
    );
    await store.submit(requests);
  }
  return waitingIn(store);
}

/** How many wait. */
async function waitingIn(store: RequestStore): Promise<number> {
  const counts = await store.stats();
  return counts.reduce((sum, { state, requests }) => sum + (state === 'waiting' ? requests : 0), 0);
}

/** The span of due times, in ms from now: the first, and how long after it the last. */
export const DUE = { fromMs: LATER_MS, spreadMs: SPREAD_MS } as const;

function waiting(now: number, body: Uint8Array): NewRequest {
  return {
    id: randomBytes(16).toString('hex'),
    service: ECHO,
    body,
    priority: 4,
    dueAt: now + DUE.fromMs + Math.floor(Math.random() * DUE.spreadMs),
    expiresAt: undefined,
    terms: undefined,
    key: undefined,
  };
}
