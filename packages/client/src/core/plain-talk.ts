import {
  NO_METADATA,
  PRIORITY_DEFAULT,
  type BrokerToClient,
  type ClientToBroker,
  type Limits,
  type MajordomoError,
} from '@majordomo/protocol';
import type { BodyBound } from './body-bound';
import type { Brokers } from './brokers';
import type { Call } from './call';
import type { Calls } from './calls';
import { refuse, type Ending } from './ending';
import { connectionLost, gatheredTooMuch } from './explain';
import { Partials } from './partials';
import type { PlainLink } from './plain-link';
import type { Pool } from './pool';

/** What plain talk does to the world; see `ClientEffects`. */
export interface PlainEffects {
  send(link: number, command: ClientToBroker): void;
  pauseLink(link: number): void;
  resumeLink(link: number): void;
}

/**
 * Connections that one call may lose before it is given up: its body may be what breaks them. Those that break together
 * count as one, for the call may have gone from one to the next before their ends were heard of.
 */
const LOSSES_MAX = 5;

/** Plain dialects have no windows. */
const NO_WINDOW = Infinity;

/**
 * Calls on plain sockets, one at a time on each: sent, answered, sent again when no reply came in their share of the
 * time (RFC 7, "MDP/Client"), paused with their socket.
 */
export class PlainTalk {
  constructor(
    private readonly pool: Pool,
    private readonly calls: Calls,
    private readonly brokers: Brokers,
    private readonly bound: BodyBound,
    private readonly limits: Limits,
    private readonly effects: PlainEffects,
  ) {}

  /** Sends a call on an idle socket. */
  send(call: Call, link: PlainLink, now: number): void {
    const { service, body } = call;
    try {
      this.bound.check(body, service);
    } catch (error) {
      this.calls.fail(call, error as MajordomoError);
      return;
    }
    this.pool.occupy(link, call);
    call.queue?.remove(call);
    call.state = 'sent';
    call.link = link;
    call.sends++;
    this.calls.deadlines.set(call, attemptEnd(call, now));
    this.effects.send(link.id, {
      kind: 'request',
      id: 0,
      service,
      body,
      remainingMs: 0,
      window: 0,
      priority: PRIORITY_DEFAULT,
      failFast: false,
      metadata: NO_METADATA,
    });
  }

  /** What was understood of a message. */
  received(link: PlainLink, command: BrokerToClient, now: number): Ending | undefined {
    const { call } = link;
    if (command.kind !== 'partial' && command.kind !== 'final')
      return refuse(`an unexpected ${command.kind}`);
    if (!call) return refuse(`a ${command.kind} that nobody asked for`);
    if (command.service !== call.service) {
      return refuse(`a reply of ${command.service} to a request to ${call.service}`);
    }
    this.brokers.answered(link.broker);
    if (command.kind === 'partial') this.#partial(link, call, command, now);
    else this.#final(link, call, command, now);
    return undefined;
  }

  #partial(link: PlainLink, call: Call, { body, metadata }: Reply, now: number): void {
    call.retriesLeft = 0;
    const partials = (call.partials ??= new Partials(NO_WINDOW));
    if (call.terms.stream) {
      this.#extend(call, now);
      if (!call.caller.partial(body, metadata)) this.#pause(call, partials, link);
      return;
    }
    this.calls.deadlines.set(call, call.expiresAt);
    if (!partials.gather(body, this.limits)) this.giveUp(call, gatheredTooMuch(call, this.limits), now);
  }

  #final(link: PlainLink, call: Call, { body, metadata }: Reply, now: number): void {
    const { partials } = call;
    this.pool.release(link, now);
    if (!partials || call.terms.stream) this.calls.reply(call, body, metadata);
    else if (partials.gather(body, this.limits)) this.calls.reply(call, partials.body, metadata);
    else this.calls.fail(call, gatheredTooMuch(call, this.limits));
  }

  /** A stream moved: its reader waits anew. */
  #extend(call: Call, now: number): void {
    call.expiresAt = now + call.terms.timeoutMs;
    this.calls.deadlines.set(call, call.expiresAt);
  }

  /** The reader of a stream is behind: nothing more is read from its socket, and its clock stands. */
  #pause(call: Call, partials: Partials, link: PlainLink): void {
    partials.paused = true;
    call.expiresAt = Infinity;
    this.calls.deadlines.set(call, Infinity);
    this.effects.pauseLink(link.id);
  }

  /** The reader of a stream has caught up. */
  resume(call: Call, link: PlainLink, now: number): void {
    if (!call.partials?.paused) return;
    call.partials.paused = false;
    this.effects.resumeLink(link.id);
    this.#extend(call, now);
  }

  /** No reply came in this attempt's share of the time: once more, on a fresh socket. */
  sendAgain(call: Call, link: PlainLink, now: number): void {
    call.retriesLeft--;
    call.avoid = link.broker;
    this.pool.drop(link, now);
    this.calls.waitAgain(call);
  }

  /** Ends a call without a reply; its socket goes with it, so that a late reply finds nobody. */
  giveUp(call: Call, error: MajordomoError, now: number): void {
    if (call.link?.packed === false) this.pool.drop(call.link, now);
    this.calls.fail(call, error);
  }

  /** The connection broke, and its call, if there is one, goes out once more where that does no harm. */
  lost(link: PlainLink, reason: string, now: number): void {
    const { broker, call } = link;
    this.pool.forget(link);
    if (!call) return;
    call.avoid = broker;
    if (broker.downUntil <= now) call.losses++;
    const goesAgain =
      call.terms.idempotent && !call.delivered && call.losses < LOSSES_MAX && !call.isOver(now);
    if (goesAgain) this.calls.waitAgain(call);
    else this.calls.fail(call, connectionLost(call, broker, reason, now));
  }
}

type Reply = Extract<BrokerToClient, { kind: 'partial' | 'final' }>;

/** When this attempt has had its share of the time, in ms. */
function attemptEnd({ retriesLeft, expiresAt }: Call, now: number): number {
  return retriesLeft === 0 ? expiresAt : now + (expiresAt - now) / (retriesLeft + 1);
}
