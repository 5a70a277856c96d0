import {
  Body,
  decodeText,
  encodeText,
  NO_METADATA,
  PRIORITY_DEFAULT,
  type BrokerToWorker,
} from '@majordomo/protocol';
import type { JobId, SessionEffects } from '../src/core/effects';
import { WorkerSession, type SessionOptions } from '../src/core/session';

export const bodyOf = (...parts: string[]): Body => new Body(parts.map(encodeText));

/** The frames of a body as one text. */
export const shown = (body: Body): string => body.frames.map(decodeText).join('|');

/** A REQUEST as the core gets it. */
export const request = (ref = 'c1', ...body: string[]): BrokerToWorker => ({
  kind: 'request',
  ref,
  body: bodyOf(...body),
  remainingMs: 0,
  window: 0,
  priority: PRIORITY_DEFAULT,
  attempt: 0,
  metadata: NO_METADATA,
});

/** A session on virtual time: `now` moves only when a test says so, and every effect becomes a line. */
export class FakeWorld {
  now = 1_000;
  /** What `send` answers: room for more. */
  hasRoom = true;
  readonly session: WorkerSession;
  #log: string[] = [];
  /** The failures that the session asked a delay for. */
  readonly delaysAsked: number[] = [];
  readonly jobs: JobId[] = [];
  readonly abortCodes: string[] = [];

  constructor(options: Partial<SessionOptions> = {}) {
    const effects: SessionEffects = {
      openLink: () => this.#note('openLink'),
      closeLink: ({ flush }) => this.#note(flush ? 'closeLink flush' : 'closeLink'),
      send: (command) => {
        const detail =
          'body' in command
            ? ` ${command.ref} ${shown(command.body)}`
            : 'service' in command
              ? ` ${command.service}`
              : '';
        this.#note(`send ${command.kind}${detail}`);
        return this.hasRoom;
      },
      startJob: (job, body) => {
        this.jobs.push(job);
        this.#note(`startJob ${shown(body)}`);
      },
      abortJob: (job, reason) => {
        this.abortCodes.push(reason.code);
        this.#note(`abortJob ${this.jobs.indexOf(job)}`);
      },
      registered: () => this.#note('registered'),
      lost: () => this.#note('lost'),
      violated: () => this.#note('violated'),
      closed: () => this.#note('closed'),
    };
    this.session = new WorkerSession(
      {
        service: 'echo',
        heartbeatMs: 100,
        liveness: 3,
        connectTimeoutMs: 1_000,
        reconnectDelayMs: (failures) => {
          this.delaysAsked.push(failures);
          return failures * 10;
        },
        ...options,
      },
      effects,
    );
  }

  #note(line: string): void {
    this.#log.push(line);
  }

  /** The job that was started last. */
  get job(): JobId {
    const job = this.jobs.at(-1);
    if (job === undefined) throw new Error('no job was started');
    return job;
  }

  /** The effects since this was last asked. */
  effects(): string[] {
    return this.#log.splice(0);
  }

  start(): this {
    this.session.start(this.now);
    return this;
  }

  /** Starts, opens the link and forgets the effects of that. */
  registered(): this {
    this.start().open();
    this.effects();
    return this;
  }

  open(): void {
    this.session.linkOpened(this.now);
  }

  receive(command: BrokerToWorker): void {
    this.session.received(command, this.now);
  }

  /** Registered, with one request in hand. */
  busy(ref = 'c1'): this {
    this.registered().receive(request(ref, 'work'));
    this.effects();
    return this;
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
