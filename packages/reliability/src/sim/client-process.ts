import { DEFAULT_LIMITS, NO_METADATA, type Body, type MajordomoError } from '@majordomo/protocol';
import type { Call, Caller } from '../../../client/src/core/call';
import { ClientCore, type ClientEffects } from '../../../client/src/core/client-core';
import type { Agenda } from './agenda';
import { backoff } from './backoff';
import { requestBody } from './bodies';
import { openWire, type VirtualWire } from './client-wires';
import type { Connection, PeerEnd } from './network';
import type { CallPlan, ClientPlan } from './plan';
import { Process } from './process';
import type { Random } from './random';
import type { AppCall, Sight } from './watcher';

const TIMES = { connectTimeoutMs: 300, probeMs: 120, heartbeatMs: 500, liveness: 3 } as const;

/** Connects a peer to the broker at an endpoint. */
export type Connect = (peerName: string, endpoint: string, end: PeerEnd, identity?: string) => Connection;

/** The reader of a stream, as slow as its plan says; see `ReplyStream` of the real client. */
class Reader {
  #waiting = 0;
  #full = false;
  #reading = false;

  constructor(
    private readonly process: ClientProcess,
    private readonly readMs: number,
    private readonly bufferMax: number,
    private readonly taken: () => void,
    private readonly caughtUp: () => void,
  ) {}

  get waiting(): number {
    return this.#waiting;
  }

  /** One more PARTIAL waits; false where no more should be read for now. */
  add(): boolean {
    this.#waiting++;
    this.#full ||= this.#waiting >= this.bufferMax;
    this.#read();
    return !this.#full;
  }

  #read(): void {
    if (this.#reading || this.#waiting === 0) return;
    this.#reading = true;
    this.process.after(this.readMs, () => {
      this.#reading = false;
      this.#waiting--;
      this.taken();
      if (this.#full && this.#waiting === 0) {
        this.#full = false;
        this.caughtUp();
      }
      this.#read();
    });
  }
}

/** A virtual shell around the real {@link ClientCore}: one run of one client, and the application that calls it. */
export class ClientProcess extends Process {
  readonly core: ClientCore;
  readonly #wires = new Map<number, VirtualWire>();
  readonly #endpoints = new Map<number, string>();
  readonly #open = new Map<number, Call>();
  #closed = false;

  constructor(
    agenda: Agenda,
    readonly plan: ClientPlan,
    run: { readonly clockMs: number; readonly random: Random },
    private readonly connect: Connect,
    private readonly watcher: Sight,
    private readonly invariants: boolean,
  ) {
    super(agenda, plan.name, { ...run, turnMs: plan.turnMs, timersFirst: false });
    const { brokers, protocol, pendingMax, socketsMax, streamBufferMax, suspectMs, idleSocketMs } = plan;
    this.core = new ClientCore(
      {
        ...TIMES,
        brokers,
        protocol,
        pendingMax,
        socketsMax,
        streamBufferMax,
        suspectMs,
        idleSocketMs,
        limits: DEFAULT_LIMITS,
        backoffMs: backoff(run.random),
      },
      this.#effects(),
    );
  }

  /** Whole ms, as the real client has them. */
  override get now(): number {
    return Math.floor(super.now);
  }

  #effects(): ClientEffects {
    return {
      openLink: (id, endpoint, speak) => {
        const wire = openWire(
          speak,
          {
            probeMs: TIMES.probeMs,
            clock: () => this.now,
            connect: (end) => this.connect(this.name, endpoint, end),
            hear: (what) => this.input(what),
          },
          {
            opened: () => this.core.linkOpened(id, this.now),
            found: (verdict) => this.core.linkFound(id, verdict, this.now),
            received: (commands) => this.core.received(id, commands, this.now),
            refused: (rejection) => this.core.refused(id, rejection, this.now),
            unflushed: () => undefined,
            closed: (reason) => {
              this.#wires.delete(id);
              this.core.linkClosed(id, reason, this.now);
            },
          },
        );
        this.#wires.set(id, wire);
        this.#endpoints.set(id, endpoint);
      },
      send: (id, command) => {
        this.watcher.clientSent(this.name, this.#endpoints.get(id) ?? '', command);
        this.#wires.get(id)?.send(command);
      },
      closeLink: (id) => {
        const wire = this.#wires.get(id);
        this.#wires.delete(id);
        wire?.close();
      },
      pauseLink: (id) => this.#wires.get(id)?.pause(),
      resumeLink: (id) => this.#wires.get(id)?.resume(),
      brokerUp: () => undefined,
      brokerDown: () => undefined,
      brokerSilent: () => undefined,
      rejected: (endpoint, { detail }) => this.watcher.clientRejected(this.name, endpoint, detail),
    };
  }

  /** Makes a call, in a turn of its own. */
  call(plan: CallPlan): void {
    this.act(() => this.#call(plan));
  }

  #call(plan: CallPlan): void {
    if (this.#closed) return;
    const app: AppCall = { plan, number: plan.number, client: this.name, frozenBeforeMs: this.frozenMs };
    this.watcher.submitted(app, this.now);
    const end = (outcome: { body: Body } | { error: MajordomoError }): void => {
      this.#open.delete(plan.number);
      this.watcher.ended(app, outcome, this.now, this.frozenMs - app.frozenBeforeMs);
    };
    let call: Call | undefined;
    const reader = new Reader(
      this,
      plan.readMs,
      this.plan.streamBufferMax,
      () => call && this.core.taken(call, this.now),
      () => call && this.core.resume(call, this.now),
    );
    const caller: Caller = {
      partial: (body) => {
        this.watcher.partial(app, body, this.now);
        const keepsUp = reader.add();
        this.watcher.readerHolds(app, reader.waiting, this.plan.streamBufferMax);
        return keepsUp;
      },
      replied: (body) => end({ body }),
      failed: (error) => end({ error }),
    };
    const { timeoutMs, retries, idempotent, stream, priority, failFast } = plan;
    const terms = { timeoutMs, retries, idempotent, stream, priority, failFast, metadata: NO_METADATA };
    try {
      call = this.core.submit(
        plan.service,
        requestBody(plan.number, plan.work, plan.bytes),
        terms,
        caller,
        this.now,
      );
    } catch (error) {
      end({ error: error as MajordomoError });
      return;
    }
    if (call.state !== 'settled') this.#open.set(plan.number, call);
    if (plan.abortMs > 0) this.after(plan.abortMs, () => this.#abort(plan.number, app));
  }

  #abort(number: number, app: AppCall): void {
    const call = this.#open.get(number);
    if (!call) return;
    this.watcher.aborting(app);
    this.core.abort(call, undefined, this.now);
  }

  /** What had come in by then has been heard: input goes first in a turn. */
  protected override alarm(): void {
    const { now } = this;
    for (const wire of [...this.#wires.values()]) wire.tick(now);
    this.core.tick(now);
  }

  protected override endTurn(): void {
    for (const wire of this.#wires.values()) wire.flush();
    if (this.#closed) return;
    if (this.invariants && this.everySoOften()) this.core.checkInvariants();
    let at = this.core.nextWakeAt(this.now);
    for (const wire of this.#wires.values()) at = Math.min(at, wire.nextWakeAt);
    this.wakeBy(at);
  }

  /** Closes it: what is pending fails. */
  close(): void {
    this.act(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.core.close();
      this.watcher.clientClosed(this.name, this.core.pending, this.core.sockets);
      this.die();
    });
  }

  /** Killed: its calls have nobody any more. */
  kill(): void {
    this.#closed = true;
    for (const number of this.#open.keys()) this.watcher.abandoned(number);
    this.#open.clear();
    this.die();
  }
}
