import type { DialectName, Ref } from '@majordomo/protocol';
import { NOBODY } from '../bodies';
import type { BrokerRun } from '../watcher';

/** One request as it passed over a broker's wire. */
export interface Asked {
  readonly peer: string;
  readonly dialect: DialectName;
  /** Its client's id for it; 0 in plain dialects. */
  readonly id: number;
  readonly number: number;
  readonly service: string;
  readonly priority: number;
  /** The order in which things happened at this broker. */
  readonly order: number;
  readonly heardAt: number;
  /** Since when it has waited: it may have come back. */
  waitsSince: number;
  readonly dueAt: number;
  window: number;
  state: 'waits' | 'held' | 'ended';
  /** True where a lost worker had it before. */
  returned: boolean;
  attempts: number;
  /** True once a PARTIAL has gone to its client. */
  partlySent: boolean;
  worker: Served | undefined;
  ref: Ref;
}

/** One session of a worker as it passed over a broker's wire. */
export interface Served {
  readonly peer: string;
  readonly packed: boolean;
  readonly service: string;
  credit: number;
  draining: boolean;
  readonly held: Map<Ref, Asked>;
  /** PARTIALs that a packed worker may still send, by reference. */
  readonly windows: Map<Ref, number>;
  /** When it was last given something, ended something, or changed its credit. */
  usedAt: number;
  sentAt: number;
  heardAt: number;
}

/** A CANCEL that a broker owes to a packed worker. */
export interface OwedCancel {
  readonly served: Served;
  readonly ref: Ref;
}

/** What a run of a broker heard and said so far. */
export class Book {
  readonly asked = new Set<Asked>();
  readonly byPeer = new Map<string, Set<Asked>>();
  readonly byNumber = new Map<number, Set<Asked>>();
  readonly served = new Map<string, Served>();
  /** When packed clients in session were last sent anything, and last heard. */
  readonly clients = new Map<string, { sentAt: number; heardAt: number }>();
  readonly owedCancels = new Set<OwedCancel>();
  /** Workers that broke the protocol in this turn, and why: they are to be dismissed by its end. */
  readonly toDismiss = new Map<string, string>();
  /** By service, priority and client: since when its turn has been due. */
  readonly turns = new Map<string, number>();
  /** Numbers that came more than once: which request is which cannot always be told. */
  readonly repeated = new Set<number>([NOBODY]);
  readonly #numbers = new Set<number>();
  #order = 0;
  /** What the worker that was heard last answered. */
  answered: Asked | undefined;
  /** Plain clients with a request that failed, nobody knows which. */
  readonly unsure = new Set<string>();

  constructor(readonly broker: BrokerRun) {}

  next(): number {
    return ++this.#order;
  }

  add(asked: Asked): void {
    if (this.#numbers.has(asked.number)) this.repeated.add(asked.number);
    this.#numbers.add(asked.number);
    this.asked.add(asked);
    put(this.byPeer, asked.peer, asked);
    put(this.byNumber, asked.number, asked);
  }

  /** A request has ended; of what packed workers still have of it, CANCEL is owed where nobody wants it any more. */
  end(asked: Asked, withdrawn: boolean): void {
    if (asked.state === 'ended') return;
    const { worker, ref } = asked;
    const alone = !this.repeated.has(asked.number);
    if (withdrawn && alone && asked.state === 'held' && worker?.packed && worker.held.get(ref) === asked) {
      this.owedCancels.add({ served: worker, ref });
    }
    asked.state = 'ended';
    this.asked.delete(asked);
    drop(this.byPeer, asked.peer, asked);
    drop(this.byNumber, asked.number, asked);
  }

  /**
   * A worker was told that nobody wants what it has under a reference. That tells which of several alike it is that
   * has ended, and of a plain client's, of whose end nobody is told, that it has.
   */
  cancelled(served: Served, ref: Ref): void {
    for (const owed of this.owedCancels) {
      if (owed.served === served && owed.ref === ref) this.owedCancels.delete(owed);
    }
    const asked = served.held.get(ref);
    if (asked?.state !== 'held') return;
    const alike = this.#endedAlike(asked);
    if (alike) swap(asked, alike);
    else if (asked.dialect !== 'packed') this.end(asked, false);
  }

  /** One of the same number and service that has ended, and that a worker has still. */
  #endedAlike({ number, service }: Asked): Asked | undefined {
    if (!this.repeated.has(number)) return undefined;
    for (const { held } of this.served.values()) {
      for (const other of held.values()) {
        if (other.state === 'ended' && other.number === number && other.service === service) return other;
      }
    }
    return undefined;
  }

  /** A client is gone, with all that it asked for. */
  endAll(peer: string): void {
    this.clients.delete(peer);
    for (const asked of [...(this.byPeer.get(peer) ?? [])]) this.end(asked, true);
  }

  /** What a client asked for under an id. */
  byId(peer: string, id: number): Asked | undefined {
    for (const asked of this.byPeer.get(peer) ?? []) if (asked.id === id) return asked;
    return undefined;
  }
}

/** Two that workers have change places: which is where was guessed wrong. */
function swap(one: Asked, other: Asked): void {
  const { worker, ref, attempts } = one;
  one.worker?.held.set(one.ref, other);
  other.worker?.held.set(other.ref, one);
  Object.assign(one, { worker: other.worker, ref: other.ref, attempts: other.attempts });
  Object.assign(other, { worker, ref, attempts });
}

function put<Key>(map: Map<Key, Set<Asked>>, key: Key, asked: Asked): void {
  const set = map.get(key);
  if (set) set.add(asked);
  else map.set(key, new Set([asked]));
}

function drop<Key>(map: Map<Key, Set<Asked>>, key: Key, asked: Asked): void {
  const set = map.get(key);
  set?.delete(asked);
  if (set?.size === 0) map.delete(key);
}
