import { LinkedList, type ListNode } from './linked-list';
import type { ClientRecord, RequestRecord } from './records';

/** The requests of one client that wait for one service. */
interface Lane {
  readonly client: ClientRecord;
  readonly requests: LinkedList<RequestRecord>;
  turn?: ListNode<Lane>;
}

/** Where a request stands in the queue; one that was put back has no lane and no place by arrival. */
interface Place {
  readonly inLine: ListNode<RequestRecord>;
  readonly byArrival?: ListNode<RequestRecord>;
  readonly lane?: Lane;
}

/**
 * The requests that wait for one service, served round robin over clients (RFC 7: "The broker SHOULD serve
 * clients on a fair basis"), each client's in the order of their arrival. What comes back from a lost worker
 * goes before all. Every operation takes constant time.
 */
export class FairQueue {
  readonly #returned = new LinkedList<RequestRecord>();
  readonly #turns = new LinkedList<Lane>();
  readonly #lanes = new Map<ClientRecord, Lane>();
  readonly #byArrival = new LinkedList<RequestRecord>();
  readonly #places = new Map<RequestRecord, Place>();
  #bytes = 0;

  get length(): number {
    return this.#places.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The request that came first, among those in turn and the one that is to be served next of those put back. */
  get oldest(): RequestRecord | undefined {
    const returned = this.#returned.first;
    const inTurn = this.#byArrival.first;
    if (!returned || !inTurn) return returned ?? inTurn;
    return returned.queuedAt <= inTurn.queuedAt ? returned : inTurn;
  }

  /** Adds a request behind the others of its client. */
  push(request: RequestRecord): void {
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
  putBack(request: RequestRecord): void {
    this.#place(request, { inLine: this.#returned.push(request) });
  }

  #place(request: RequestRecord, place: Place): void {
    this.#places.set(request, place);
    this.#bytes += request.bytes;
  }

  /** Takes out the request whose turn it is. */
  shift(): RequestRecord | undefined {
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
  remove(request: RequestRecord): boolean {
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
