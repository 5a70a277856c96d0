import {
  DEFAULT_LIMITS,
  DISCONNECT,
  HEARTBEAT,
  mdp01,
  mdp02,
  NO_METADATA,
  packedWorker,
  REVISION,
  type BrokerToWorker,
  type Frame,
  type Ref,
  type WorkerReady,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { LAST, numberOf, replyBody } from './bodies';
import { ForeignPeer } from './foreign-peer';

const HEARTBEAT_MS = 200;
const FLOOD_MAX = 90;
/** A number that no request has: a reply with it must reach nobody. */
const STOLEN = 2_000_000_000;

/** One request in the hands of a scripted worker. */
interface Held {
  readonly ref: Ref;
  /** The session that it was given in: what it is called there may be another's name later. */
  readonly session: number;
  readonly number: number;
  readonly run: number;
  partials: number;
  window: number;
}

/**
 * A worker that is not of ours: registers, answers, and in between stalls, answers late, twice, with references that
 * are not its own, says READY twice, falls silent, leaves in the middle. What it answers under a reference of its own
 * is the reply to that request: a worker that lies about its work nobody can find out.
 */
abstract class ForeignWorker extends ForeignPeer {
  protected readonly held = new Map<Ref, Held>();
  /** References that it has answered or had in an earlier session. */
  protected readonly stale: Ref[] = [];
  /** References that it has lost, of a session that may go on as the broker sees it: the routing id is the same. */
  readonly #orphans = new Set<Ref>();
  #sessions = 0;
  #deaf = false;
  #silent = false;
  #beating = false;

  protected abstract say(command: WorkerToBroker): void;
  /** True where it may send PARTIALs. */
  protected abstract readonly partials: boolean;
  protected abstract ready(): WorkerReady;

  protected opened(): void {
    this.#silent = false;
    this.#deaf = false;
    this.#sessions++;
    this.say(this.ready());
    if (!this.#beating) this.#beat();
  }

  #beat(): void {
    this.#beating = true;
    this.after(HEARTBEAT_MS, () => {
      if (this.connection && !this.#silent && (this.held.size === 0 || this.beatsWhileBusy))
        this.say(HEARTBEAT);
      this.#beat();
    });
  }

  protected readonly beatsWhileBusy: boolean = true;

  protected lost(): void {
    this.#orphan();
    this.held.clear();
  }

  /** A broker that heard of no end of the session takes a reply for the one that it waits for. */
  #orphan(): void {
    for (const ref of this.held.keys()) {
      if (this.plan.fixedId) this.#orphans.add(ref);
      else this.stale.push(ref);
    }
  }

  protected hear(command: BrokerToWorker): void {
    if (this.#deaf && command.kind !== 'disconnect') return;
    switch (command.kind) {
      case 'request':
        this.#take(command);
        return;
      case 'cancel': {
        const held = this.held.get(command.ref);
        if (held && !this.misbehaves()) this.#fail(held);
        return;
      }
      case 'window': {
        const held = this.held.get(command.ref);
        if (held) held.window += command.more;
        return;
      }
      case 'disconnect':
        this.again();
        return;
      case 'welcome':
      case 'draining':
      case 'heartbeat':
        return;
    }
  }

  #take({ ref, body, window }: Extract<BrokerToWorker, { kind: 'request' }>): void {
    const held: Held = {
      ref,
      session: this.#sessions,
      number: numberOf(body),
      run: this.world.nextRun(),
      partials: 0,
      window,
    };
    this.held.set(ref, held);
    this.world.leaked.push(ref);
    if (this.misbehaves()) this.#mistreat(held);
    else this.after(this.random.between(1, 40), () => this.#answer(held));
  }

  #mistreat(held: Held): void {
    switch (this.random.between(0, 7)) {
      case 0:
        return;
      case 1:
        this.after(this.random.between(200, 1_500), () => this.#answer(held));
        return;
      case 2:
        this.after(5, () => this.#answer(held));
        this.after(this.random.between(5, 300), () => this.#repeat(held));
        return;
      case 3:
        this.after(5, () => this.say(DISCONNECT));
        this.after(8, () => this.again());
        return;
      case 4:
        this.after(this.random.between(0, 50), () => this.again());
        return;
      case 5:
        this.#silent = true;
        return;
      case 6:
        this.after(3, () => this.#flood(held));
        return;
      default:
        this.after(3, () => this.#readyTwice());
    }
  }

  #answer(held: Held): void {
    if (this.held.get(held.ref) !== held) return;
    if (this.partials && held.window > 0 && this.random.chance(0.3)) {
      this.#partial(held);
      this.after(this.random.between(1, 20), () => this.#answer(held));
      return;
    }
    this.held.delete(held.ref);
    this.stale.push(held.ref);
    this.say({ kind: 'final', ref: held.ref, body: this.#last(held), metadata: NO_METADATA });
  }

  #last({ number, run, partials }: Held): ReturnType<typeof replyBody> {
    return replyBody(number, run, LAST + partials, 0);
  }

  #partial(held: Held): void {
    held.window--;
    const body = replyBody(held.number, held.run, held.partials++, 0);
    this.say({ kind: 'partial', ref: held.ref, body, metadata: NO_METADATA });
  }

  /** More PARTIALs than anybody asked for. */
  #flood(held: Held): void {
    if (!this.partials || this.held.get(held.ref) !== held) return;
    const count = Math.min(held.window, FLOOD_MAX) + this.random.between(0, 10);
    for (let sent = 0; sent < count; sent++) this.#partial(held);
    this.after(this.random.between(1, 30), () => this.#answer(held));
  }

  /** The same reply once more: by then the reference matches nothing. */
  #repeat(held: Held): void {
    if (this.held.has(held.ref) || held.session !== this.#sessions) return;
    this.say({ kind: 'final', ref: held.ref, body: replyBody(STOLEN, 0, LAST, 0), metadata: NO_METADATA });
  }

  #fail({ ref }: Held): void {
    this.held.delete(ref);
    this.say({ kind: 'failure', ref, code: 'CANCELLED', message: '', retryable: false });
  }

  /** It does not know what it is given from here on, and says nothing about it until it has connected again. */
  #readyTwice(): void {
    this.say(this.ready());
    this.#sessions++;
    this.#orphan();
    this.held.clear();
    this.#deaf = true;
  }

  /** A reply under a reference that this worker does not hold. */
  protected steal(ref: Ref | undefined): void {
    if (ref === undefined || this.held.has(ref) || this.#orphans.has(ref)) return;
    const kind = this.random.chance(0.7) ? 'final' : 'partial';
    this.say({ kind, ref, body: replyBody(STOLEN, 0, LAST, 0), metadata: NO_METADATA });
  }

  protected step(): void {
    if (!this.misbehaves() || this.#deaf) return;
    switch (this.random.between(0, 5)) {
      case 0:
        this.steal(this.leakedRef());
        return;
      case 1:
        this.steal(this.staleRef());
        return;
      case 2:
        this.again();
        return;
      case 3:
        this.#readyTwice();
        return;
      case 4:
        this.#silent = !this.#silent;
        return;
      default:
        this.odd();
    }
  }

  protected abstract leakedRef(): Ref | undefined;
  protected abstract staleRef(): Ref | undefined;
  /** Something that only its dialect has. */
  protected abstract odd(): void;
}

/** One of MDP/0.1 or MDP/0.2. */
export class ForeignPlainWorker extends ForeignWorker {
  readonly #dialect = this.plan.kind === 'worker-0.1' ? mdp01 : mdp02;
  protected readonly partials = this.plan.kind === 'worker-0.2';
  // Like those of the zguide, which have one thread.
  protected override readonly beatsWhileBusy = this.random.chance(0.5);

  protected ready(): WorkerReady {
    return { ...READY, service: this.plan.service, credit: 1 };
  }

  protected say(command: WorkerToBroker): void {
    this.send(this.#dialect.workerToBroker.encode(command));
  }

  protected heard(frames: readonly Frame[]): void {
    const decoded = this.#dialect.brokerToWorker.decode(frames);
    if (decoded.ok) this.hear(decoded.command);
  }

  protected leakedRef(): Ref | undefined {
    const refs = this.world.leaked.filter((ref) => typeof ref === 'string');
    return refs.length > 0 ? this.random.pick(refs) : undefined;
  }

  protected staleRef(): Ref | undefined {
    return this.stale.length > 0 ? this.random.pick(this.stale) : undefined;
  }

  /** The other dialect in the middle of a session. */
  protected odd(): void {
    const other = this.#dialect === mdp01 ? mdp02 : mdp01;
    this.send(other.workerToBroker.encode(HEARTBEAT));
  }
}

/** A packed one. */
export class ForeignPackedWorker extends ForeignWorker {
  #session = packedWorker();
  protected readonly partials = true;
  #refs = 0;

  protected ready(): WorkerReady {
    return { ...READY, service: this.plan.service, credit: this.random.between(0, 5) };
  }

  protected override opened(): void {
    this.#session = packedWorker();
    this.#refs = 0;
    super.opened();
  }

  protected say(command: WorkerToBroker): void {
    this.#session.add(command);
    this.send(this.#session.take());
  }

  protected heard(frames: readonly Frame[]): void {
    const { connection } = this;
    const decoded = this.#session.decode(frames, DEFAULT_LIMITS);
    if (!decoded.ok) return;
    for (const command of decoded.command) {
      if (this.connection !== connection) return;
      if (command.kind === 'request' && typeof command.ref === 'number') this.#refs = command.ref;
      this.hear(command);
    }
  }

  /** References of packed sessions are small numbers: one far ahead of those that it was given is nobody's. */
  protected leakedRef(): Ref {
    return this.#refs + this.random.between(1_000, 2_000);
  }

  /** One of this session that it has ended. */
  protected staleRef(): Ref | undefined {
    const ref = this.random.between(1, Math.max(1, this.#refs));
    return ref <= this.#refs && !this.held.has(ref) ? ref : undefined;
  }

  protected odd(): void {
    if (this.random.chance(0.3)) this.say({ kind: 'draining' });
    else this.say({ kind: 'credit', credit: this.random.between(0, 6) });
  }

  protected override lost(): void {
    super.lost();
    this.stale.length = 0;
  }
}

const READY: Omit<WorkerReady, 'service' | 'credit'> = {
  kind: 'ready',
  revision: REVISION,
  heartbeatMs: HEARTBEAT_MS,
  capabilities: 0,
  metadata: NO_METADATA,
};
