import { LinkedList, type ListNode } from './linked-list';

/** What the queue has to know of a request. */
export interface Waiting {
  /** Whose it is: any object, the same for all requests of one client. */
  readonly client: object;
  readonly bytes: number;
  /** When it first came, in ms. */
  readonly queuedAt: number;
}

/** The requests of one client that wait for one service. */
interface Lane<Request> {
  readonly client: object;
  readonly requests: LinkedList<Request>;
  turn?: ListNode<Lane<Request>>;
}

/** Where a request stands in the queue; one that was put back has no lane and no place by arrival. */
interface Place<Request> {
  readonly inLine: ListNode<Request>;
  readonly byArrival?: ListNode<Request>;
  readonly lane?: Lane<Request>;
}

/**
 * The requests that wait for one service, served round robin over clients (RFC 7: "The broker SHOULD serve
 * clients on a fair basis"), each client's in the order of their arrival. What comes back from a lost worker
 * goes before all. Every operation takes constant time.
 */
export class FairQueue<Request extends Waiting> {
  readonly #returned = new LinkedList<Request>();
  readonly #turns = new LinkedList<Lane<Request>>();
  readonly #lanes = new Map<object, Lane<Request>>();
  readonly #byArrival = new LinkedList<Request>();
  readonly #places = new Map<Request, Place<Request>>();
  #bytes = 0;

  get length(): number {
    return this.#places.size;
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

  /** Adds a request behind the others of its client. */
  push(request: Request): void {
    let lane = this.#lanes.get(request.client);
    if (!lane) {
      lane = { client: request.client, requests: new LinkedList() };
      lane.turn = this.#turns.push(lane);
      this.#lanes.set(request.client, lane);
    }
    this.#place(request, {
      inLine: lane.requests.push(request),
      byArrival: this.#byArrival.push(request),
      lane,
    });
  }

  /** Puts a request that a lost worker held before all others, behind those put back earlier. */
  putBack(request: Request): void {
    this.#place(request, { inLine: this.#returned.push(request) });
  }

  #place(request: Request, place: Place<Request>): void {
    this.#places.set(request, place);
    this.#bytes += request.bytes;
  }

  /** Takes out the request whose turn it is. */
  shift(): Request | undefined {
    const request = this.#returned.first ?? this.#turns.first?.requests.first;
    if (!request) return undefined;
    const lane = this.#places.get(request)?.lane;
    this.remove(request);
    if (lane && lane.requests.length > 0) {
      lane.turn?.remove();
      lane.turn = this.#turns.push(lane);
    }
    return request;
  }

  /** Takes a request out wherever it stands; false where it is not here. */
  remove(request: Request): boolean {
    const place = this.#places.get(request);
    if (!place) return false;
    this.#places.delete(request);
    this.#bytes -= request.bytes;
    place.inLine.remove();
    place.byArrival?.remove();
    if (place.lane?.requests.length === 0) {
      place.lane.turn?.remove();
      this.#lanes.delete(place.lane.client);
    }
    return true;
  }
}
