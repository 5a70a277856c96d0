import type {
  Change,
  Changed,
  NewRequest,
  RequestStore,
  ServiceHealth,
  Settlement,
} from '@majordomo/titanic';
import type { Plant } from './params';

/** One in so many is treated wrongly. */
const EVERY = 20;
/** By how much wrong times are wrong, in ms. */
const SHIFT_MS = 3_000;

/** A store with a bug, which the audit has to find. */
export function plantedStore(store: RequestStore, plant: Plant): RequestStore {
  let calls = 0;
  const isTurn = (): boolean => calls++ % EVERY === 0;
  const over: Partial<RequestStore> = {
    submit: async (requests: readonly NewRequest[]) => {
      switch (plant) {
        case 'lose': {
          const lost = new Set(requests.filter(isTurn));
          const kept = requests.filter((request) => !lost.has(request));
          const submitted = kept.length > 0 ? await store.submit(kept) : [];
          return requests.map((request) =>
            lost.has(request) ? { id: request.id, duplicate: false } : submitted[kept.indexOf(request)]!,
          );
        }
        case 'early':
          return store.submit(requests.map((request) => ({ ...request, dueAt: request.dueAt - SHIFT_MS })));
        case 'undead':
          return store.submit(requests.map(outliving));
        case 'again':
        case 'deaf-cancel':
          return store.submit(requests);
      }
    },
    settle: (settlements: readonly Settlement[], health: readonly ServiceHealth[]) =>
      store.settle(
        plant === 'again'
          ? settlements.map((each) => (isTurn() ? again(each, store.now()) : each))
          : settlements,
        health,
      ),
    change: (changes: readonly Change[]) =>
      plant === 'deaf-cancel'
        ? Promise.resolve(changes.map((): Changed => ({ result: 'changed' })))
        : store.change(changes),
  };
  return new Proxy(store, {
    get: (target, name) => {
      const own = (over as Record<string | symbol, unknown>)[name];
      if (own) return own;
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Delivered after its time to live. */
function outliving(request: NewRequest): NewRequest {
  if (request.expiresAt === undefined) return request;
  return { ...request, dueAt: request.expiresAt + SHIFT_MS, expiresAt: undefined };
}

/** What is done is done once more. */
function again(settlement: Settlement, now: number): Settlement {
  if (settlement.outcome !== 'succeed') return settlement;
  const { id, token } = settlement;
  return { id, token, outcome: 'retry', dueAt: now, error: '{"code":"FAILED","message":"planted"}' };
}
