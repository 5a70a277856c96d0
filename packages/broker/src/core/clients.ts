import type { Dialect } from '@majordomo/protocol';
import { LinkedList } from './linked-list';
import { ClientRecord, type PeerId } from './records';
import { ServiceNumbers } from './service-numbers';

/** How long a plain client without requests is remembered, in ms. */
const IDLE_MS = 1_000;

/**
 * The clients: plain ones while they have requests under way, packed ones while their sessions last, in the order in
 * which they were last heard and last sent a heartbeat.
 */
export class Clients {
  readonly #table = new Map<PeerId, ClientRecord>();
  readonly #bySeen = new LinkedList<ClientRecord>();
  readonly #byBeat = new LinkedList<ClientRecord>();
  /** Plain clients without requests, the one that has been without the longest first. */
  readonly #idle = new LinkedList<ClientRecord>();

  readonly #numbers = new ServiceNumbers();

  /** @param seed - of the tables of ids that clients choose */
  constructor(private readonly seed: number) {}

  /** Packed clients in session, and plain ones with requests. */
  get size(): number {
    return this.#table.size - this.#idle.length;
  }

  /** Packed clients in session. */
  get sessions(): number {
    return this.#bySeen.length;
  }

  get(peer: PeerId): ClientRecord | undefined {
    return this.#table.get(peer);
  }

  [Symbol.iterator](): Iterator<ClientRecord> {
    return this.#table.values();
  }

  /** Packed clients in session, and plain ones with requests. */
  get present(): ClientRecord[] {
    return [...this.#table.values()].filter(({ session, requests }) => session || requests.size > 0);
  }

  /** The record of a plain client that has a request, made where there is none. */
  plain(peer: PeerId, dialect: Dialect, now: number): ClientRecord {
    let client = this.#table.get(peer);
    if (!client) {
      client = new ClientRecord(peer, undefined, dialect, now, this.seed);
      this.#table.set(peer, client);
    }
    client.idleNode.remove();
    client.lastSeenAt = now;
    return client;
  }

  /** Begins a packed session. */
  begin(peer: PeerId, session: Dialect, now: number): ClientRecord {
    const client = new ClientRecord(peer, session, session, now, this.seed);
    client.seenNode = this.#bySeen.push(client);
    client.beatNode = this.#byBeat.push(client);
    client.internedMax = this.#numbers.grant();
    this.#table.set(peer, client);
    return client;
  }

  /** To be called when requests have ended: a plain client without any is on its way out. */
  settle(client: ClientRecord): void {
    if (!client.session && client.requests.size === 0) this.#idle.append(client.idleNode);
  }

  /**
   * Forgets the plain clients that have not asked for anything for a while: most ask again at once. One that has used
   * more of its limits than that makes up for is looked at again later.
   */
  forgetIdle(now: number): void {
    for (let client = this.#idle.first; client; client = this.#idle.first) {
      if (now - client.lastSeenAt < IDLE_MS) return;
      if (client.meter && client.meter.fullAt > now) {
        client.lastSeenAt = now;
        this.#idle.append(client.idleNode);
      } else {
        this.remove(client);
      }
    }
  }

  /** A packed session is over, and its peer still there: what it has used of its limits holds for its next one. */
  remember({ peer, spoken, meter, lastSeenAt }: ClientRecord): void {
    if (!meter) return;
    const client = this.plain(peer, spoken, lastSeenAt);
    client.meter = meter;
    this.settle(client);
  }

  /** Ends a session. */
  remove(client: ClientRecord): void {
    if (!this.#table.delete(client.peer)) return;
    this.#numbers.giveBack(client.internedMax);
    client.idleNode.remove();
    client.seenNode?.remove();
    client.beatNode?.remove();
  }

  /** A packed client said something. */
  seen(client: ClientRecord, now: number): void {
    client.lastSeenAt = now;
    if (client.seenNode) this.#bySeen.append(client.seenNode);
  }

  /** A heartbeat was sent to a packed client. */
  beaten(client: ClientRecord, now: number): void {
    client.lastBeatAt = now;
    if (client.beatNode) this.#byBeat.append(client.beatNode);
  }

  /** The next packed client that has been silent for so long, in ms, or `undefined`. */
  nextSilent(silenceMs: number, now: number): ClientRecord | undefined {
    const client = this.#bySeen.first;
    return client && now - client.lastSeenAt >= silenceMs ? client : undefined;
  }

  /** The next packed client that has been sent no heartbeat for so long, in ms, or `undefined`. */
  nextDueHeartbeat(heartbeatMs: number, now: number): ClientRecord | undefined {
    const client = this.#byBeat.first;
    return client && now - client.lastBeatAt >= heartbeatMs ? client : undefined;
  }
}
