import {
  Body,
  DEFAULT_LIMITS,
  NO_METADATA,
  PRIORITY_DEFAULT,
  toFrames,
  type BrokerToClient,
  type ClientFailure,
  type ClientToBroker,
  type MajordomoError,
  type Protocol,
  type Welcome,
} from '@majordomo/protocol';
import type { Call, CallTerms } from '../../src/core/call';
import { ClientCore, type ClientCoreSettings } from '../../src/core/client-core';

/** A link as the core under test opened it. */
export interface OpenedLink {
  readonly id: number;
  readonly endpoint: string;
  /** What the core has it speak. */
  readonly speak: Protocol;
  closed: boolean;
  paused: boolean;
  /** What was sent on it, in order. */
  readonly sent: ClientToBroker[];
  /** How many of those were answered by {@link Harness.final}. */
  answered: number;
}

export const A = 'tcp://a:5555';
export const B = 'tcp://b:5555';

/** How a call ended. */
export type Outcome =
  { readonly ok: true; readonly body: Body } | { readonly ok: false; readonly error: MajordomoError };

/** What a test may say of a call. */
export type CallOptions = Partial<CallTerms & { service: string; body: Body }>;

type Request = Extract<ClientToBroker, { kind: 'request' }>;

/** A core in virtual time that records every effect; time moves only where a test says so. */
export class Harness {
  now = 1_000;
  readonly links: OpenedLink[] = [];
  readonly outcomes = new Map<number, Outcome>();
  readonly partials = new Map<number, string[]>();
  readonly events: string[] = [];
  readonly core: ClientCore;
  readonly #calls: Call[] = [];
  /** What a stream's reader says to a PARTIAL. */
  keepsUp = true;

  constructor(settings: Partial<ClientCoreSettings> = {}) {
    this.core = new ClientCore(
      {
        brokers: [A],
        protocol: 'mdp/0.2',
        socketsMax: 10,
        pendingMax: 100,
        idleSocketMs: 30_000,
        suspectMs: 5_000,
        heartbeatMs: 2_500,
        liveness: 4,
        connectTimeoutMs: 5_000,
        streamBufferMax: 8,
        limits: DEFAULT_LIMITS,
        backoffMs: (failures) => failures * 100,
        ...settings,
      },
      {
        openLink: (id, endpoint, speak) =>
          this.links.push({ id, endpoint, speak, closed: false, paused: false, sent: [], answered: 0 }),
        send: (id, command) => this.link(id).sent.push(command),
        closeLink: (id) => {
          expect(this.link(id).closed).toBe(false);
          this.link(id).closed = true;
        },
        pauseLink: (id) => (this.link(id).paused = true),
        resumeLink: (id) => (this.link(id).paused = false),
        brokerUp: (endpoint) => this.events.push(`up ${endpoint}`),
        brokerDown: (endpoint, reason) => this.events.push(`down ${endpoint}: ${reason}`),
        brokerSilent: (endpoint) => this.events.push(`silent ${endpoint}`),
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

  /** Submits a call, and returns its number among those that were. */
  submit({ service = 'echo', body = Body.of('hello'), ...terms }: CallOptions = {}): number {
    const call = this.#calls.length;
    const ended = (outcome: Outcome) => {
      expect(this.outcomes.has(call)).toBe(false);
      this.outcomes.set(call, outcome);
    };
    this.#calls.push(
      this.core.submit(
        service,
        body,
        {
          timeoutMs: 900,
          retries: 2,
          idempotent: true,
          stream: false,
          priority: PRIORITY_DEFAULT,
          failFast: false,
          metadata: NO_METADATA,
          ...terms,
        },
        {
          partial: (part) => {
            expect(this.outcomes.has(call)).toBe(false);
            this.partials.set(call, [...(this.partials.get(call) ?? []), ...texts(part)]);
            return this.keepsUp;
          },
          replied: (reply) => ended({ ok: true, body: reply }),
          failed: (error) => ended({ ok: false, error }),
        },
        this.now,
      ),
    );
    return call;
  }

  #call(call: number): Call {
    const found = this.#calls[call];
    if (!found) throw new Error(`no call ${call} was submitted`);
    return found;
  }

  abort(call: number, cause?: unknown): void {
    this.core.abort(this.#call(call), cause, this.now);
  }

  resume(call: number): void {
    this.core.resume(this.#call(call), this.now);
  }

  taken(call: number): void {
    this.core.taken(this.#call(call), this.now);
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

  /** The REQUESTs that were sent on a link, in order. */
  requests(link: OpenedLink): Request[] {
    return link.sent.filter((command): command is Request => command.kind === 'request');
  }

  final(link: OpenedLink, ...parts: string[]): void {
    link.answered++;
    this.receive(link, reply('final', parts));
  }

  partial(link: OpenedLink, ...parts: string[]): void {
    this.receive(link, reply('partial', parts));
  }

  receive(link: OpenedLink, ...commands: BrokerToClient[]): void {
    this.core.received(link.id, commands, this.now);
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
  underWay(request: CallOptions = {}): { call: number; link: OpenedLink } {
    const call = this.submit(request);
    return { call, link: this.opened(this.last) };
  }

  /** The text frames of a call's reply. */
  reply(call: number): string[] | undefined {
    const outcome = this.outcomes.get(call);
    return outcome?.ok ? texts(outcome.body) : undefined;
  }

  /** The error that a call ended with. */
  error(call: number): MajordomoError | undefined {
    const outcome = this.outcomes.get(call);
    return outcome?.ok === false ? outcome.error : undefined;
  }
}

/** The frames of a body as text. */
export const texts = (body: Body): string[] => Array.from(body, (_, index) => body.text(index));

/** A reply of a plain broker, or with an id that of a packed one. */
export function reply(
  kind: 'partial' | 'final',
  parts: readonly (string | Uint8Array)[],
  { service = 'echo', id = 0 }: { service?: string; id?: number } = {},
): BrokerToClient {
  return { kind, id, service, body: new Body(toFrames(parts)), metadata: NO_METADATA };
}

/** A FAILURE of a packed broker. */
export function failure(id: number, code: string, more: Partial<ClientFailure> = {}): ClientFailure {
  return {
    kind: 'failure',
    id,
    service: '',
    origin: 'broker',
    code,
    message: 'because',
    retryable: false,
    ...more,
  };
}

/** A WELCOME. */
export function welcome(more: Partial<Welcome> = {}): Welcome {
  return {
    kind: 'welcome',
    revision: 1,
    heartbeatMs: 1_000,
    capabilities: 0,
    metadata: NO_METADATA,
    internedMax: 100,
    ...DEFAULT_LIMITS,
    ...more,
  };
}
