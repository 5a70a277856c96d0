import type { BrokerEvent } from '../core/outbound';

/**
 * - `loss`: a worker was lost, or a request given to another because of that.
 * - `expiry`: the time of a request was up.
 * - `denial`: a request was not taken, or given up, or a peer or connection not let in.
 * - `fault`: a peer said what it may not, or what nobody understands.
 */
export type IncidentKind = 'loss' | 'expiry' | 'denial' | 'fault';

/** Something that an operator may want to look at. */
export interface Incident {
  /** Numbers incidents from 1 on. */
  readonly id: number;
  /** When it last happened, in ms since 1970. */
  readonly at: number;
  readonly kind: IncidentKind;
  /** The name of the broker's event. */
  readonly event: BrokerEvent['type'];
  readonly service: string | undefined;
  /** The peer that it happened to or with, as hex. */
  readonly peer: string | undefined;
  /** What happened, in words. */
  readonly detail: string;
  /** How often it happened in a row. */
  readonly times: number;
}

/** Incidents that are remembered. */
const INCIDENTS_MAX = 100;
/** What happens again within this time after the last time is told as one, in ms. */
const IN_A_ROW_MS = 5_000;

type Told = Omit<Incident, 'id' | 'at' | 'event' | 'times'>;

/** The last things that went wrong. What comes in floods is one entry with a number. */
export class Incidents {
  #latest: Incident[] = [];
  #told = 0;

  /** The latest first. */
  get latest(): readonly Incident[] {
    return this.#latest;
  }

  /** @param at - ms since 1970 */
  add(event: BrokerEvent, at: number): void {
    const told = tell(event);
    if (!told) return;
    const before = this.#latest.findIndex(
      (other) =>
        at - other.at <= IN_A_ROW_MS &&
        other.event === event.type &&
        other.service === told.service &&
        other.detail === told.detail,
    );
    const [same] = before < 0 ? [] : this.#latest.splice(before, 1);
    const incident = {
      ...told,
      event: event.type,
      at,
      id: same?.id ?? ++this.#told,
      times: (same?.times ?? 0) + 1,
    };
    this.#latest.unshift(incident);
    if (this.#latest.length > INCIDENTS_MAX) this.#latest.pop();
  }
}

/** An event as an incident; `undefined` where it is nothing unusual. */
function tell(event: BrokerEvent): Told | undefined {
  switch (event.type) {
    case 'workerLost':
      if (event.reason === 'disconnected' || event.reason === 'broker_closing') return undefined;
      return {
        kind: 'loss',
        service: event.service,
        peer: event.peer,
        detail: `worker lost: ${event.reason}${event.held > 0 ? `, with ${event.held} in hand` : ''}`,
      };
    case 'requestRedispatched':
      return {
        kind: 'loss',
        service: event.service,
        peer: event.client,
        detail: `request given to worker number ${event.attempts}`,
      };
    case 'requestFailed':
      return {
        kind: event.code === 'EXPIRED' ? 'expiry' : 'denial',
        service: event.service,
        peer: event.client,
        detail: `${event.code}: ${event.message}`,
      };
    case 'protocolError':
      return { kind: 'fault', service: undefined, peer: event.peer, detail: event.detail };
    case 'messageRejected':
      return {
        kind: 'fault',
        service: undefined,
        peer: event.peer,
        detail: `${event.rejection.reason}: ${event.rejection.detail}`,
      };
    case 'denied':
      return {
        kind: 'denial',
        service: event.service,
        peer: event.peer,
        detail: `${event.code}: ${event.reason}`,
      };
    case 'connectionRefused':
      return {
        kind: 'denial',
        service: undefined,
        peer: undefined,
        detail: `connection from ${event.address} not let in: ${event.reason}`,
      };
    case 'requestExpired':
    case 'keyProven':
    case 'workerRegistered':
    case 'replyDropped':
    case 'workerFailed':
    case 'clientWelcomed':
    case 'clientGone':
      return undefined;
  }
}
