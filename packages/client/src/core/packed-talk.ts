import {
  InvalidBodyError,
  type BrokerToClient,
  type ClientFailure,
  type ClientFinal,
  type ClientPartial,
  type ClientToBroker,
  type Limits,
  type MajordomoError,
} from '@majordomo/protocol';
import type { Brokers } from './brokers';
import type { Call } from './call';
import { CallIds } from './call-ids';
import type { Calls } from './calls';
import { lose, refuse, type Ending } from './ending';
import { connectionLost, failed, gatheredTooMuch } from './explain';
import type { PackedLink } from './packed-link';
import type { PackedLinks } from './packed-links';
import { Partials } from './partials';

/** What packed talk goes by. */
export interface PackedTalkSettings {
  /** PARTIALs that a stream's reader may be behind. */
  readonly streamBufferMax: number;
  readonly limits: Limits;
}

/** What packed talk does to the world; see `ClientEffects`. */
export interface PackedEffects {
  send(link: number, command: ClientToBroker): void;
}

/** PARTIALs of a call that is no stream that may be on their way at one time: they are gathered as they come. */
const GATHER_WINDOW = 1_024;

/**
 * How much longer than its time a call that was sent is waited for, in ms: the broker knows its time too, and can
 * tell whether it was ever given to a worker.
 */
export const GRACE_MS = 50;

/** Calls on packed sessions, any number on each, told apart by their ids: sent, answered, failed, cancelled. */
export class PackedTalk {
  constructor(
    private readonly links: PackedLinks,
    private readonly calls: Calls,
    private readonly brokers: Brokers,
    private readonly settings: PackedTalkSettings,
    private readonly effects: PackedEffects,
    private readonly ids = new CallIds(),
  ) {}

  /** True where a call is known by its id. */
  knows(call: Call): boolean {
    return this.ids.get(call.id) === call;
  }

  /** Calls that are known by an id. */
  get known(): number {
    return this.ids.size;
  }

  /** Sends a call on a session that takes it. */
  send(call: Call, link: PackedLink, now: number): void {
    if (link.bound !== undefined && !this.#fits(call, link)) return;
    const { terms, expiresAt } = call;
    const { stream } = terms;
    call.queue?.remove(call);
    call.state = 'sent';
    call.link = link;
    call.sends++;
    link.calls.push(call);
    link.sentAt = now;
    this.calls.deadlines.set(call, stream ? expiresAt : expiresAt + GRACE_MS);
    const id = this.ids.give(call);
    try {
      this.#say(call, link, id, now);
    } catch (cause) {
      this.ids.free(call);
      this.calls.fail(
        call,
        new InvalidBodyError(`The request to ${call.service} cannot be written.`, { cause }),
      );
    }
  }

  #say(call: Call, link: PackedLink, id: number, now: number): void {
    const { terms, expiresAt } = call;
    const { stream } = terms;
    this.effects.send(link.id, {
      kind: 'request',
      id,
      service: call.service,
      body: call.body,
      remainingMs: stream ? 0 : Math.max(1, Math.ceil(expiresAt - now)),
      window: stream ? this.settings.streamBufferMax : GATHER_WINDOW,
      priority: terms.priority,
      failFast: terms.failFast,
      metadata: terms.metadata,
    });
  }

  #fits(call: Call, link: PackedLink): boolean {
    try {
      link.bound?.check(call.body, call.service);
      return true;
    } catch (error) {
      this.calls.fail(call, error as MajordomoError);
      return false;
    }
  }

  /** What was understood of a message, in order. */
  received(link: PackedLink, commands: readonly BrokerToClient[], now: number): Ending | undefined {
    link.heardAt = now;
    for (const command of commands) {
      const ending = this.#take(link, command, now);
      if (ending !== undefined) return ending;
    }
    return this.drained(link);
  }

  #take(link: PackedLink, command: BrokerToClient, now: number): Ending | undefined {
    if (command.kind !== 'final' && command.kind !== 'partial' && command.kind !== 'failure') {
      return this.links.said(link, command, now);
    }
    const call = this.ids.get(command.id);
    if (call === undefined || call.link !== link) return this.#nobodys(link, command, call);
    const { broker } = link;
    if (broker.failures > 0 || broker.suspectUntil > 0) this.brokers.answered(broker);
    switch (command.kind) {
      case 'final':
        this.#final(call, command);
        return undefined;
      case 'failure':
        this.#failure(call, link, command, now);
        return undefined;
      case 'partial':
        return this.#partial(call, link, command, now);
    }
  }

  /** A reply that is no call's: it crossed the call's end, or should never have come. */
  #nobodys(link: PackedLink, { kind, id }: BrokerReply, other: Call | undefined): Ending | undefined {
    if (link.state === 'greeting') return refuse(`a ${kind} before WELCOME`);
    if (other !== undefined || !this.ids.wasGiven(id)) {
      return refuse(`a ${kind} of request ${id}, which was never sent on this connection`);
    }
    this.brokers.answered(link.broker);
    return undefined;
  }

  #final(call: Call, { body, metadata }: ClientFinal): void {
    const { partials } = call;
    this.ids.free(call);
    if (partials === undefined || call.terms.stream) this.calls.reply(call, body, metadata);
    else if (partials.gather(body, this.settings.limits)) this.calls.reply(call, partials.body, metadata);
    else this.calls.fail(call, gatheredTooMuch(call, this.settings.limits));
  }

  #failure(call: Call, link: PackedLink, failure: ClientFailure, now: number): void {
    this.ids.free(call);
    if (failure.origin === 'broker' && this.#goesElsewhere(call, link, failure, now)) return;
    this.calls.fail(call, failed(call, failure, now));
  }

  /** Sends again what a broker has given up for reasons of its own. */
  #goesElsewhere(call: Call, link: PackedLink, { code, retryable }: ClientFailure, now: number): boolean {
    switch (code) {
      case 'BROKER_DRAINING':
        this.links.drain(link, now);
        return this.#goesAgain(call, link, now) || (retryable && this.#isSentOn(call, link, now));
      case 'ATTEMPTS_EXHAUSTED':
        // Its worker was lost in the middle of a reply of which the caller has seen nothing yet.
        return retryable && this.#goesAgain(call, link, now);
      default:
        return false;
    }
  }

  /** Sends on what no worker has been given: that may be done with what must not be done twice. */
  #isSentOn(call: Call, link: PackedLink, now: number): boolean {
    if (call.terms.idempotent || call.refusals >= call.terms.retries || call.isOver(now)) return false;
    call.refusals++;
    call.avoid = link.broker;
    this.calls.waitAgain(call);
    return true;
  }

  #partial(call: Call, link: PackedLink, { body, metadata }: ClientPartial, now: number): Ending | undefined {
    const { stream } = call.terms;
    const window = stream ? this.settings.streamBufferMax : GATHER_WINDOW;
    const partials = (call.partials ??= new Partials(window));
    if (partials.windowLeft === 0) return refuse(`more PARTIALs of request ${call.id} than its window`);
    partials.windowLeft--;
    if (stream) this.#handOn(call, partials, body, metadata, now);
    else if (partials.gather(body, this.settings.limits)) this.#grant(call, link, partials, now);
    else this.giveUp(call, gatheredTooMuch(call, this.settings.limits), now);
    return undefined;
  }

  /** A stream moved, and its reader waits anew; where it is behind, its clock stands. */
  #handOn(
    call: Call,
    partials: Partials,
    body: ClientPartial['body'],
    metadata: ClientPartial['metadata'],
    now: number,
  ): void {
    const keepsUp = call.caller.partial(body, metadata);
    partials.paused ||= !keepsUp;
    call.expiresAt = partials.paused ? Infinity : now + call.terms.timeoutMs;
    this.calls.deadlines.set(call, call.expiresAt);
  }

  /** The reader of a stream has taken one PARTIAL. */
  taken(call: Call, link: PackedLink, now: number): void {
    if (call.partials) this.#grant(call, link, call.partials, now);
  }

  #grant(call: Call, link: PackedLink, partials: Partials, now: number): void {
    const more = partials.read();
    if (more === 0) return;
    link.sentAt = now;
    this.effects.send(link.id, { kind: 'window', id: call.id, more });
  }

  /** The reader of a stream has caught up: its clock goes on. */
  resume(call: Call, now: number): void {
    if (!call.partials?.paused) return;
    call.partials.paused = false;
    call.expiresAt = now + call.terms.timeoutMs;
    this.calls.deadlines.set(call, call.expiresAt);
  }

  /** Ends a call that nobody wants any more, and tells the broker. */
  giveUp(call: Call, error: MajordomoError, now: number): void {
    const { link, id } = call;
    this.ids.free(call);
    this.calls.fail(call, error);
    if (!link?.packed) return;
    link.sentAt = now;
    this.effects.send(link.id, { kind: 'cancel', id });
  }

  /** The session is gone: its calls go out once more where that does no harm. */
  lost(link: PackedLink, reason: string, now: number): void {
    this.links.forget(link);
    // From the last to the first: each is put in front of those that wait.
    for (let call = link.calls.last; call; call = link.calls.last) {
      this.ids.free(call);
      call.losses++;
      if (!this.#goesAgain(call, link, now)) {
        this.calls.fail(call, connectionLost(call, link.broker, reason, now));
      }
    }
  }

  /** Puts a call that got no reply on a session in front of those that wait; false where it may not be sent again. */
  #goesAgain(call: Call, { broker }: PackedLink, now: number): boolean {
    if (call.retriesLeft === 0 || call.delivered || call.isOver(now)) return false;
    call.retriesLeft--;
    call.avoid = broker;
    this.calls.waitAgain(call);
    return true;
  }

  /** Why a session that is draining ends: with the last of its calls. */
  drained(link: PackedLink): Ending | undefined {
    return link.state === 'draining' && link.calls.length === 0 ? lose('the broker is draining') : undefined;
  }
}

type BrokerReply = ClientFinal | ClientPartial | ClientFailure;
