import { Body, type MajordomoError } from '@majordomo/protocol';
import type { HeldJob } from '../../../worker/src/core/packed-effects';
import type { Entry } from './agenda';
import { LAST, readRequest, replyBody, type HandlerEnd, type Work } from './bodies';

/** How long a handler that waits to be told that nobody wants it does so at the most, in ms: plain workers are not told. */
const HANG_MS = 150;

/** The places for handlers of one worker, given out in the order in which they were asked for. */
export class Places {
  #taken = 0;
  readonly #waiting = new Set<VirtualJob>();

  constructor(public count: number) {}

  get taken(): number {
    return this.#taken;
  }

  take(job: VirtualJob): void {
    this.#waiting.add(job);
    this.admit();
  }

  giveUp(job: VirtualJob): void {
    this.#waiting.delete(job);
  }

  release(): void {
    this.#taken--;
    this.admit();
  }

  admit(): void {
    for (const job of this.#waiting) {
      if (this.#taken >= this.count) return;
      this.#waiting.delete(job);
      this.#taken++;
      job.run();
    }
  }
}

/** What a job needs of its worker. */
export interface JobHost {
  readonly places: Places;
  readonly heedsAbort: boolean;
  clock(): number;
  after(ms: number, what: () => void): Entry;
  /** A number unlike that of any other run of a handler in the world. */
  nextRun(): number;
  crash(): void;
  /** True the first time that it is asked about a request. */
  stumbles(number: number): boolean;
}

/** The session that a job came from. */
export interface JobOwner {
  /** False where PARTIALs cannot be sent, and go into the one reply. */
  readonly partials: boolean;
  partial(job: VirtualJob, body: Body): void;
  finish(job: VirtualJob, body: Body): void;
  fail(job: VirtualJob, code: string): void;
}

/**
 * One request in the hands of a virtual worker: waits for a place, works for as long as its body says, replies as often
 * as it says. See `Job` of the real worker.
 */
export class VirtualJob implements HeldJob {
  nextHeld: HeldJob | undefined = undefined;
  readonly number: number;
  readonly #work: Work;
  readonly #deadline: number;
  #run = 0;
  #phase: 'waiting' | 'running' | 'over' = 'waiting';
  #aborted = false;
  #sent = 0;
  #gathered: Body[] = [];
  #next: Entry | undefined;
  #why: 'CANCELLED' | 'EXPIRED' = 'CANCELLED';
  #blocked = false;
  #hung = false;

  constructor(
    private readonly host: JobHost,
    private readonly owner: JobOwner,
    readonly ref: number,
    body: Body,
    public expiresAt: number,
    public window: number,
  ) {
    const { number, work } = readRequest(body);
    this.number = number;
    this.#work = work;
    this.#deadline = expiresAt;
  }

  start(): void {
    this.host.places.take(this);
  }

  /** It has a place. */
  run(): void {
    if (this.#deadline <= this.host.clock()) {
      this.#phase = 'over';
      this.owner.fail(this, 'EXPIRED');
      this.host.places.release();
      return;
    }
    this.#phase = 'running';
    this.#run = this.host.nextRun();
    this.#stepLater();
  }

  #stepLater(): void {
    this.#next = this.host.after(this.#work.ms, () => this.#step());
  }

  #step(): void {
    if (this.#phase !== 'running') return;
    const { partials, padding, end } = this.#work;
    if (this.#sent >= partials || this.#aborted) {
      this.#finish();
      return;
    }
    if (this.owner.partials && this.window <= 0) {
      this.#blocked = true;
      return;
    }
    const body = replyBody(this.number, this.#run, this.#sent++, padding);
    if (this.owner.partials) this.owner.partial(this, body);
    else this.#gathered.push(body);
    const last = this.#sent === partials;
    if (end === 'crash' || (last && this.#dies(end))) this.host.crash();
    else if (this.#phase === 'running') this.#stepLater();
  }

  #finish(): void {
    const { end, padding } = this.#work;
    if (end === 'hang' && !this.#aborted && !this.#hung) {
      this.#hung = true;
      this.#next = this.host.after(HANG_MS, () => this.#finish());
      return;
    }
    if (this.#phase !== 'running') return;
    this.#phase = 'over';
    // One that pays no heed answers all the same: it is for the session to drop that.
    if (this.#aborted && (this.host.heedsAbort || end === 'hang')) {
      this.owner.fail(this, this.#why);
    } else if (this.#dies(end)) {
      this.host.crash();
      return;
    } else if (end === 'throw' || end === 'hang') {
      this.owner.fail(this, 'INTERNAL_ERROR');
    } else {
      const last = replyBody(this.number, this.#run, LAST + this.#sent, padding);
      this.owner.finish(this, joined([...this.#gathered, last]));
    }
    this.host.places.release();
  }

  /** Its process dies of it: at its first PARTIAL or its last, or where it should reply. */
  #dies(end: HandlerEnd): boolean {
    return end === 'crash' || (end === 'stumble' && this.host.stumbles(this.number));
  }

  windowOpened(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#step();
  }

  /** Nobody wants the result any more; a handler that heeds that ends now, another when it would have. */
  abort({ code }: MajordomoError): void {
    if (this.#aborted || this.#phase === 'over') return;
    this.#aborted = true;
    if (code === 'EXPIRED') this.#why = code;
    if (this.#phase === 'waiting') {
      this.#phase = 'over';
      this.host.places.giveUp(this);
      this.owner.fail(this, this.#why);
      return;
    }
    if (!this.host.heedsAbort && this.#work.end !== 'hang' && !this.#blocked) return;
    if (this.#next) this.#next.off = true;
    this.#next = this.host.after(0, () => this.#finish());
  }
}

function joined(bodies: readonly Body[]): Body {
  const [only] = bodies;
  if (only && bodies.length === 1) return only;
  return new Body(bodies.flatMap(({ frames }) => [...frames]));
}
