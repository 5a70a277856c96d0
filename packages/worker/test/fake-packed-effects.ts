import {
  NO_METADATA,
  PRIORITY_DEFAULT,
  type BrokerToWorker,
  type Welcome,
  type WorkerRequest,
} from '@majordomo/protocol';
import type { HeldJob, PackedEffects } from '../src/core/packed-effects';
import { PackedSession, type PackedSessionOptions } from '../src/core/packed-session';
import { bodyOf, shown } from './fake-effects';

/** A REQUEST as the core gets it. */
export const packedRequest = (ref: number, more: Partial<WorkerRequest> = {}): WorkerRequest => ({
  kind: 'request',
  ref,
  body: bodyOf(`work ${ref}`),
  remainingMs: 0,
  window: 2,
  priority: PRIORITY_DEFAULT,
  attempt: 1,
  metadata: NO_METADATA,
  ...more,
});

/** WELCOME of a broker that heartbeats every 100 ms. */
export const welcome = (more: Partial<Welcome> = {}): Welcome => ({
  kind: 'welcome',
  revision: 1,
  heartbeatMs: 100,
  capabilities: 0,
  metadata: NO_METADATA,
  internedMax: 0,
  framesMax: 1_024,
  frameBytesMax: 1_000_000,
  messageBytesMax: 1_000_000,
  ...more,
});

/** A packed session on virtual time: `now` moves only when a test says so, and every effect becomes a line. */
export class PackedWorld {
  now = 1_000;
  readonly session: PackedSession<HeldJob>;
  readonly jobs: HeldJob[] = [];
  readonly reasons: string[] = [];
  readonly delaysAsked: number[] = [];
  #log: string[] = [];

  constructor(options: Partial<PackedSessionOptions> = {}) {
    const note = (line: string): void => void this.#log.push(line);
    const effects: PackedEffects<HeldJob> = {
      openLink: () => note('openLink'),
      closeLink: ({ flush }) => note(flush ? 'closeLink flush' : 'closeLink'),
      send: (command) => {
        const ref = 'ref' in command ? ` ${command.ref}` : '';
        const credit = 'credit' in command ? ` ${command.credit}` : '';
        const body = 'body' in command ? ` ${shown(command.body)}` : '';
        const code = command.kind === 'failure' ? ` ${command.code}` : '';
        note(`send ${command.kind}${ref}${credit}${body}${code}`);
      },
      makeJob: ({ ref, window }, expiresAt) => ({ ref, window, expiresAt, nextHeld: undefined }),
      startJob: (job) => {
        this.jobs.push(job);
        note(`startJob ${job.ref}`);
      },
      abortJob: (job, reason) => {
        this.reasons.push(reason.message);
        note(`abortJob ${job.ref} ${reason.code}`);
      },
      windowOpened: (job) => note(`windowOpened ${job.ref} ${job.window}`),
      registered: () => note('registered'),
      lost: (reason) => {
        this.reasons.push(reason);
        note('lost');
      },
      violated: (how) => note(`violated ${how}`),
      closed: () => note('closed'),
    };
    this.session = new PackedSession(
      {
        service: 'echo',
        credit: 3,
        heartbeatMs: 2_500,
        liveness: 3,
        connectTimeoutMs: 1_000,
        welcomeTimeoutMs: 500,
        reconnectDelayMs: (failures) => {
          this.delaysAsked.push(failures);
          return failures * 10;
        },
        ...options,
      },
      effects,
    );
  }

  /** The effects since this was last asked. */
  effects(): string[] {
    return this.#log.splice(0);
  }

  start(): this {
    this.session.start(this.now);
    return this;
  }

  open(): this {
    this.session.linkOpened(this.now);
    return this;
  }

  receive(command: BrokerToWorker): void {
    this.session.received(command, this.now);
  }

  /** Registered, the effects of that forgotten. */
  serving(more: Partial<Welcome> = {}): this {
    this.start().open().receive(welcome(more));
    this.effects();
    return this;
  }

  /** Serving, with these requests in hand. */
  holding(...refs: number[]): this {
    this.serving();
    for (const ref of refs) this.receive(packedRequest(ref));
    this.effects();
    return this;
  }

  /** The job of that reference which was started last. */
  job(ref: number): HeldJob {
    const job = this.jobs.findLast((other) => other.ref === ref);
    if (!job) throw new Error(`no job ${ref} was started`);
    return job;
  }

  finish(ref: number): boolean {
    return this.session.finish(this.job(ref), bodyOf('done'), NO_METADATA);
  }

  partial(ref: number): void {
    this.session.partial(this.job(ref), bodyOf('part'), NO_METADATA);
  }

  fail(ref: number): boolean {
    return this.session.fail(this.job(ref), 'NO_GOOD', 'no good', false);
  }

  /** Lets `ms` pass, waking the session exactly when it asked to be. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let wakes = 0; this.session.nextWakeAt <= until; wakes++) {
      if (wakes > 10_000) throw new Error('the session never stops waking');
      this.now = Math.max(this.now, this.session.nextWakeAt);
      this.session.tick(this.now);
    }
    this.now = until;
  }
}
