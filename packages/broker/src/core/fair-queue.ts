import { StateError } from '@majordomo/protocol';
import { LinkedList, ListNode } from './linked-list';

/** What the queue has to know of a request. */
export interface Waiting<Request> {
  /** Whose it is: `lane` is any object, the same for all requests of one client. */
  readonly client: { readonly lane: object };
  readonly bytes: number;
  /** When it first came, in ms. */
  readonly queuedAt: number;
  /** The higher is served first: 0 to 9. */
  readonly priority: number;
  /** Where it stands; only the queue writes it. */
  place: Place<Request> | undefined;
}

/** The requests of one client that wait for one service at one priority. */
class Lane<Request> {
  readonly requests = new LinkedList<Request>();
  readonly turn = new ListNode<Lane<Request>>(this);

  constructor(readonly level: Level<Request>) {}
}

/** Empty lanes that one level keeps beside as many as have something in them. */
const SPARE_LANES = 64;

/** Lanes that are looked at for the longest of them. */
const LANES_COMPARED = 64;

/**
 * The lanes of one priority, in the order of their turns. A lane that is empty is kept for a while: the next request
 * of its client may come at once.
 */
class Level<Request> {
  readonly turns = new LinkedList<Lane<Request>>();
  readonly #lanes = new Map<object, Lane<Request>>();

  /** The lane of a client, made where there is none. */
  lane(client: object): Lane<Request> {
    let lane = this.#lanes.get(client);
    if (!lane) {
      if (this.#lanes.size > 2 * this.turns.length + SPARE_LANES) this.#sweep();
      lane = new Lane<Request>(this);
      this.#lanes.set(client, lane);
    }
    return lane;
  }

  /** The lane of a client, where it has one. */
  laneOf(client: object): Lane<Request> | undefined {
    return this.#lanes.get(client);
  }

  #sweep(): void {
    for (const [client, { requests }] of this.#lanes) if (requests.length === 0) this.#lanes.delete(client);
  }
}

/** Where a request stands in a queue; one that was put back has no lane and no place by arrival. */
export interface Place<Request> {
  /** The queue itself. */
  readonly queue: object;
  readonly inLine: ListNode<Request>;
  readonly byArrival: ListNode<Request> | undefined;
  readonly lane: Lane<Request> | undefined;
}

/**
 * The requests that wait for one service: the highest priority first, within it round robin over clients (RFC 7: "The
 * broker SHOULD serve clients on a fair basis"), each client's in the order of their arrival. What comes back from a
 * lost worker goes before all. Every operation takes constant time.
 */
export class FairQueue<Request extends Waiting<Request>> {
  readonly #returned = new LinkedList<Request>();
  /** By priority; made as they are needed. */
  readonly #levels: (Level<Request> | undefined)[] = [];
  readonly #byArrival = new LinkedList<Request>();
  #length = 0;
  #bytes = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The request that came first, among those in turn and the one that is to be served next of those put back. */
  get oldest(): Request | undefined {
    const returned = this.#returned.first;
    const inTurn = this.#byArrival.first;
    if (!returned || !inTurn) return returned ?? inTurn;
    return returned.queuedAt <= inTurn.queuedAt ? returned : inTurn;
  }

  /** Adds a request behind the others of its client and priority. */
  push(request: Request): void {
    const level = (this.#levels[request.priority] ??= new Level<Request>());
    const lane = level.lane(request.client.lane);
    const byArrival = this.#byArrival.push(request);
    this.#place(request, { queue: this, inLine: lane.requests.push(request), byArrival, lane });
    if (lane.requests.length === 1) level.turns.append(lane.turn);
  }

  /** Puts a request that a lost worker held before all others, behind those put back earlier. */
  putBack(request: Request): void {
    const inLine = this.#returned.push(request);
    this.#place(request, { queue: this, inLine, byArrival: undefined, lane: undefined });
  }

  #place(request: Request, place: Place<Request>): void {
    request.place = place;
    this.#length++;
    this.#bytes += request.bytes;
  }

  /**
   * The requests that should make room for one of a client who has little or nothing here, in the order in which they
   * should go: each the newest of the client that then has most, and far more, of no higher priority. None where all
   * have about as much, as far as can be seen at once.
   * @param lane - the client's, or `undefined` for one that is not known yet
   * @param most - how many to look for
   */
  *crowding(lane: object | undefined, priority: number, most: number): Generator<Request> {
    const own = this.#levels.map((level) => (lane ? level?.laneOf(lane) : undefined));
    const few = own.reduce((sum, each) => sum + (each?.requests.length ?? 0), 1);
    const gone = new Map<Lane<Request>, number>();
    for (let found = 0; found < most; found++) {
      const longest = this.#longest(own, few, priority, gone);
      if (!longest) return;
      const left = gone.get(longest) ?? 0;
      gone.set(longest, left + 1);
      const request = longest.requests.fromEnd(left);
      if (request) yield request;
    }
  }

  /** The lane with most requests, and more than `few`, where so many of some are gone. */
  #longest(
    own: readonly (Lane<Request> | undefined)[],
    few: number,
    priority: number,
    gone: ReadonlyMap<Lane<Request>, number>,
  ): Lane<Request> | undefined {
    let longest: Lane<Request> | undefined;
    let most = few;
    let looks = 0;
    for (let level = 0; level <= priority; level++) {
      for (const candidate of this.#levels[level]?.turns ?? []) {
        if (++looks > LANES_COMPARED) break;
        const length = candidate.requests.length - (gone.get(candidate) ?? 0);
        if (length <= most || candidate === own[level]) continue;
        most = length;
        longest = candidate;
      }
    }
    return longest;
  }

  /** The request whose turn it is. */
  get first(): Request | undefined {
    return this.#returned.first ?? this.#nextInTurn();
  }

  /** Takes out the request whose turn it is. */
  shift(): Request | undefined {
    const request = this.first;
    if (!request) return undefined;
    const lane = request.place?.lane;
    this.remove(request);
    if (lane && lane.requests.length > 0) lane.level.turns.append(lane.turn);
    return request;
  }

  #nextInTurn(): Request | undefined {
    for (let priority = this.#levels.length - 1; priority >= 0; priority--) {
      const request = this.#levels[priority]?.turns.first?.requests.first;
      if (request) return request;
    }
    return undefined;
  }

  /** Takes a request out wherever it stands; false where it is not here. */
  remove(request: Request): boolean {
    const { place } = request;
    if (place?.queue !== this) return false;
    request.place = undefined;
    this.#length--;
    this.#bytes -= request.bytes;
    place.inLine.remove();
    place.byArrival?.remove();
    const { lane } = place;
    if (lane?.requests.length === 0) lane.turn.remove();
    return true;
  }
  /**
   * Holds its lists against each other, for tests and simulation.
   * @throws StateError where requests are missing from a list, or lanes from the order of turns
   */
  checkInvariants(): void {
    let inTurn = 0;
    for (const level of this.#levels) {
      for (const { requests } of level?.turns ?? []) {
        if (requests.length === 0) throw new StateError('It is the turn of a client that has no request.');
        inTurn += requests.length;
      }
    }
    const listed = inTurn + this.#returned.length;
    if (listed !== this.#length || inTurn !== this.#byArrival.length) {
      throw new StateError(
        `${this.#length} requests are counted, ${inTurn} have their turn, ${this.#returned.length} were put back, ` +
          `${this.#byArrival.length} are in the order of arrival.`,
      );
    }
  }
}
