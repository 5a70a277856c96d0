import {
  decodeText,
  DEFAULT_LIMITS,
  encodeText,
  type BrokerToClient,
  type ClientToBroker,
  type MajordomoError,
} from '@majordomo/protocol';
import type { CallRequest, Outcome } from '../../src/core/call';
import { ClientCore, type ClientCoreSettings } from '../../src/core/client-core';

/** A link as the core under test opened it. */
export interface OpenedLink {
  readonly id: number;
  readonly endpoint: string;
  closed: boolean;
  paused: boolean;
  /** What was sent on it, in order. */
  readonly sent: ClientToBroker[];
  /** How many of those were answered by {@link Harness.final}. */
  answered: number;
}

export const A = 'tcp://a:5555';
export const B = 'tcp://b:5555';

const frames = (parts: readonly string[]) => parts.map(encodeText);

/** A core in virtual time that records every effect; time moves only where a test says so. */
export class Harness {
  now = 1_000;
  readonly links: OpenedLink[] = [];
  readonly outcomes = new Map<number, Outcome>();
  readonly partials = new Map<number, string[]>();
  readonly events: string[] = [];
  readonly core: ClientCore;
  /** What a stream's reader says to a PARTIAL. */
  keepsUp = true;

  constructor(settings: Partial<ClientCoreSettings> = {}) {
    this.core = new ClientCore(
      {
        brokers: [A],
        socketsMax: 10,
        pendingMax: 100,
        idleSocketMs: 30_000,
        suspectMs: 5_000,
        limits: DEFAULT_LIMITS,
        backoffMs: (failures) => failures * 100,
        ...settings,
      },
      {
        openLink: (id, endpoint) =>
          this.links.push({ id, endpoint, closed: false, paused: false, sent: [], answered: 0 }),
        send: (id, command) => this.link(id).sent.push(command),
        closeLink: (id) => {
          expect(this.link(id).closed).toBe(false);
          this.link(id).closed = true;
        },
        pauseLink: (id) => (this.link(id).paused = true),
        resumeLink: (id) => (this.link(id).paused = false),
        partial: (call, body) => {
          this.partials.set(call, [...(this.partials.get(call) ?? []), ...body.map(decodeText)]);
          return this.keepsUp;
        },
        settle: (call, outcome) => {
          expect(this.outcomes.has(call)).toBe(false);
          this.outcomes.set(call, outcome);
        },
        brokerUp: (endpoint) => this.events.push(`up ${endpoint}`),
        brokerDown: (endpoint, reason) => this.events.push(`down ${endpoint}: ${reason}`),
        rejected: (endpoint, { detail }) => this.events.push(`rejected ${endpoint}: ${detail}`),
      },
    );
  }

  link(id: number): OpenedLink {
    const link = this.links.find((each) => each.id === id);
    if (!link) throw new Error(`no link ${id} was opened`);
    return link;
  }

  /** Links that were opened and are not closed, oldest first. */
  get open(): OpenedLink[] {
    return this.links.filter(({ closed }) => !closed);
  }

  /** The link that was opened last. */
  get last(): OpenedLink {
    const link = this.links.at(-1);
    if (!link) throw new Error('no link was opened');
    return link;
  }

  submit(request: Partial<CallRequest> = {}): number {
    return this.core.submit(
      {
        service: 'echo',
        body: frames(['hello']),
        timeoutMs: 900,
        retries: 2,
        idempotent: true,
        stream: false,
        ...request,
      },
      this.now,
    );
  }

  /** The connection of a link stands. */
  opened(link: OpenedLink): OpenedLink {
    this.core.linkOpened(link.id, this.now);
    return link;
  }

  /** The connection of a link is gone. */
  lost(link: OpenedLink, reason = 'connection closed'): void {
    link.closed = true;
    this.core.linkClosed(link.id, reason, this.now);
  }

  final(link: OpenedLink, ...parts: string[]): void {
    link.answered++;
    this.receive(link, { kind: 'final', service: 'echo', body: frames(parts) });
  }

  partial(link: OpenedLink, ...parts: string[]): void {
    this.receive(link, { kind: 'partial', service: 'echo', body: frames(parts) });
  }

  receive(link: OpenedLink, command: BrokerToClient): void {
    this.core.received(link.id, command, this.now);
  }

  /**
   * Lets time pass, with a tick whenever the core asked for one. Fails where the core asks for the past again
   * and again.
   */
  pass(ms: number): void {
    const end = this.now + ms;
    let ticksNow = 0;
    for (;;) {
      const at = this.core.nextWakeAt(this.now);
      if (at > end) break;
      ticksNow = at > this.now ? 0 : ticksNow + 1;
      if (ticksNow > 1) throw new Error(`the core asks for a tick at ${at} again and again`);
      this.now = Math.max(this.now, at);
      this.core.tick(this.now);
    }
    this.now = end;
  }

  /** Submits a call on a fresh link that stands. */
  underWay(request: Partial<CallRequest> = {}): { call: number; link: OpenedLink } {
    const call = this.submit(request);
    return { call, link: this.opened(this.last) };
  }

  /** The text frames of a call's reply. */
  reply(call: number): string[] | undefined {
    const outcome = this.outcomes.get(call);
    return outcome?.ok ? outcome.body.map(decodeText) : undefined;
  }

  /** The error that a call ended with. */
  error(call: number): MajordomoError | undefined {
    const outcome = this.outcomes.get(call);
    return outcome?.ok === false ? outcome.error : undefined;
  }
}
