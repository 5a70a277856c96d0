import { packFrames } from '../../src/core/frames';
import type { ClaimOrder, NewRequest, RequestStore } from '../../src/store/store';

let made = 0;

/** A time to begin with. */
export const T0 = 1_800_000_000_000;

/** An id like no other. */
export function newId(): string {
  return (++made).toString(16).padStart(32, '0');
}

/** A request for a store, due at {@link T0}. */
export function newRequest(fields: Partial<NewRequest> = {}): NewRequest {
  return {
    id: newId(),
    service: 'mail',
    body: packFrames([Buffer.from('hello')]),
    priority: 4,
    dueAt: T0,
    expiresAt: undefined,
    terms: undefined,
    key: undefined,
    ...fields,
  };
}

/** An order to claim whatever there is. */
export function anOrder(fields: Partial<ClaimOrder> = {}): ClaimOrder {
  return {
    owner: 'tester',
    max: 1_000,
    bytesMax: 1 << 30,
    leaseMs: 30_000,
    paces: new Map(),
    pace: undefined,
    aheadMs: 0,
    ...fields,
  };
}

/** The state of one request; `gone` where there is none. */
export async function stateIn(store: RequestStore, id: string): Promise<string> {
  const [request] = await store.read([id], []);
  return request?.state ?? 'gone';
}

/** A clock that stands still until it is told. */
export class HandClock {
  time = T0;
  readonly now = (): number => this.time;
}
