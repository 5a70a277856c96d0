import type { Body, BrokerToClient, ClientToBroker, DialectName } from '@majordomo/protocol';
import { LAST, numberOf, readReplies, type ReplyPart } from '../bodies';
import { PROBE_NUMBERS } from '../planner';
import type { Watcher, AppCall, BrokerRun, Outcome } from '../watcher';
import { Violation } from './violation';

/** What a client may be late by with an outcome beside its grace, in ms: a turn, a timer of whole ms, a probe. */
const LATE_MS = 60;
const GRACE_MS = 50;
/** How much sooner than its time a worker may say that it is up, in ms: their clocks are apart. */
const SOONER_MS = 25;
/** Longer than a stream that has begun takes from one PARTIAL to the next, where nothing goes wrong, in ms. */
const PATIENT_MS = 500;
/** How often one plain call may lose its connection; idle ones that break with it let it down again, at once. */
const LOSSES_MAX = 5;
const IDLE_MAX = 10;

/** One call on its way. */
interface Open {
  readonly call: AppCall;
  readonly submittedAt: number;
  /** From when the time of the next message counts. */
  movedAt: number;
  aborting: boolean;
  sends: number;
  /** How often a broker that stops has said that it gave it to no worker. */
  refusals: number;
  /** The PARTIALs that its reader was given, of the run that is going on. */
  run: number;
  parts: number;
  partials: number;
}

/**
 * Watches what applications see: each call ends once, in time, with a reply of its own or an error that fits; PARTIALs
 * come in order, all of one run of a handler, or from the start again of another.
 */
export class Outcomes implements Watcher {
  readonly #open = new Map<number, Open>();
  readonly #ended = new Set<number>();
  /** Which call a packed client's request is, by broker, peer and id. */
  readonly #asked = new Map<string, number>();

  /** @param calm - true where nothing goes wrong */
  constructor(private readonly calm: boolean) {}

  /** Calls without outcome. */
  get pending(): Iterable<number> {
    return this.#open.keys();
  }

  get pendingCount(): number {
    return this.#open.size;
  }

  submitted(call: AppCall, now: number): void {
    const { number } = call;
    this.#open.set(number, {
      call,
      submittedAt: now,
      movedAt: now,
      aborting: false,
      sends: 0,
      refusals: 0,
      run: 0,
      parts: 0,
      partials: 0,
    });
  }

  clientSent(_client: string, _broker: string, command: ClientToBroker): void {
    if (command.kind !== 'request') return;
    const number = numberOf(command.body);
    const open = this.#open.get(number);
    if (!open) throw new Violation('resending', `${number} was sent, and has ended`);
    const { idempotent, retries } = open.call.plan;
    open.sends++;
    if (!idempotent && open.sends > 1 + Math.min(open.refusals, retries))
      throw new Violation('resending', `${number} was sent twice, and must not be`);
    if (open.sends > 1 + retries + LOSSES_MAX * IDLE_MAX)
      throw new Violation('resending', `${number} was sent ${open.sends} times`);
  }

  clientSaid({ name }: BrokerRun, peer: string, dialect: DialectName, command: ClientToBroker): void {
    if (dialect === 'packed' && command.kind === 'request')
      this.#asked.set(`${name} ${peer} ${command.id}`, numberOf(command.body));
  }

  toClient({ name }: BrokerRun, peer: string, _dialect: DialectName, command: BrokerToClient): void {
    if (command.kind !== 'failure' || command.code !== 'BROKER_DRAINING' || !command.retryable) return;
    const open = this.#open.get(this.#asked.get(`${name} ${peer} ${command.id}`) ?? NaN);
    if (open) open.refusals++;
  }

  clientRejected(client: string, broker: string, detail: string): void {
    throw new Violation('client protocol', `${client} refused what ${broker} sent: ${detail}`);
  }

  partial(call: AppCall, body: Body, now: number): void {
    const open = this.#of(call);
    if (!call.plan.stream)
      throw new Violation('partials', `${call.number} is no stream, and was given a PARTIAL`);
    if (open.aborting)
      throw new Violation('partials', `${call.number} was given a PARTIAL after it was given up`);
    const [part] = readReplies(body);
    if (!part) throw new Violation('partials', `${call.number} was given a PARTIAL that no handler made`);
    this.#follow(open, part);
    open.partials++;
    open.movedAt = now;
  }

  /** The next part of a reply: of the run that goes on, or the first of another. */
  #follow(open: Open, { number, run, part }: ReplyPart): void {
    if (number !== open.call.number) {
      throw new Violation('replies', `${open.call.number} was given a part of the reply to ${number}`);
    }
    if (run !== open.run) {
      open.run = run;
      open.parts = 0;
    }
    const expected = part >= LAST ? LAST + open.parts : open.parts;
    if (part !== expected) {
      throw new Violation(
        'partials',
        `${number} was given part ${part} of run ${run}, and is at ${open.parts}`,
      );
    }
    open.parts++;
  }

  readerHolds({ number }: AppCall, waiting: number, max: number): void {
    if (waiting > 2 * max)
      throw new Violation('bounds', `${waiting} PARTIALs of ${number} wait for its reader`);
  }

  aborting(call: AppCall): void {
    this.#of(call).aborting = true;
  }

  #of({ number }: AppCall): Open {
    const open = this.#open.get(number);
    if (!open) throw new Violation('one end', `${number} goes on after its end`);
    return open;
  }

  ended(call: AppCall, outcome: Outcome, now: number, frozenMs: number): void {
    const { number, plan } = call;
    if (this.#ended.has(number)) throw new Violation('one end', `${number} ended twice`);
    const open = this.#of(call);
    this.#open.delete(number);
    this.#ended.add(number);
    const patience = open.movedAt + plan.timeoutMs + GRACE_MS + LATE_MS + frozenMs;
    const readingMs = plan.stream ? plan.readMs * (open.partials + 1) : 0;
    if (now > patience + readingMs) {
      throw new Violation('timeouts', `${number} ended after ${now - open.movedAt} of ${plan.timeoutMs} ms`);
    }
    if ('body' in outcome) this.#replied(open, outcome.body);
    else this.#failed(open, outcome.error.code, outcome.error.message, now);
  }

  #replied(open: Open, body: Body): void {
    const parts = readReplies(body);
    const { number, plan } = open.call;
    if (parts.length === 0) throw new Violation('replies', `${number} has a reply that no handler made`);
    if (plan.stream && parts.length > 1 && open.partials > 0) {
      throw new Violation('partials', `${number} is a stream, and its FINAL has ${parts.length} parts`);
    }
    if (!plan.stream && new Set(parts.map(({ run }) => run)).size > 1) {
      throw new Violation('partials', `the reply to ${number} is of several runs of its handler`);
    }
    for (const part of parts) this.#follow(open, part);
    // Scripted workers answer whatever they are asked.
    if (this.calm && plan.work.end === 'throw')
      throw new Violation('replies', `${number} has a reply of a handler that failed`);
  }

  #failed(open: Open, code: string, message: string, now: number): void {
    const { number, plan } = open.call;
    if (number > PROBE_NUMBERS) {
      throw new Violation(
        'recovery',
        `all is well again, and a call to ${plan.service} ends with ${code}: ${message}`,
      );
    }
    const unfit = (why: string): never => {
      throw new Violation('errors', `${number} ended with ${code} ${why}: ${message}`);
    };
    switch (code) {
      case 'TIMEOUT':
        if (this.calm && plan.work.end === 'reply' && open.partials > 0 && plan.timeoutMs >= PATIENT_MS) {
          unfit('in mid-stream');
        }
        if (now < open.movedAt + plan.timeoutMs - SOONER_MS) unfit(`${now - open.movedAt} ms after it moved`);
        return;
      case 'NO_WORKER':
        if (!plan.failFast) unfit('and did not ask to fail fast');
        return;
      case 'ABORTED':
        if (!open.aborting) unfit('and was not given up');
        return;
      case 'WORKER_FAILED':
        if (this.calm && plan.work.end !== 'throw' && plan.work.end !== 'hang')
          unfit('and its handler did not fail');
        return;
      case 'CONNECTION_LOST':
      case 'BROKER_DRAINING':
        if (this.calm && plan.work.end === 'reply') unfit('where nothing went wrong');
        return;
      // A plain worker that leaves may cross a request, and that counts as an attempt.
      case 'ATTEMPTS_EXHAUSTED':
      case 'EXPIRED':
      case 'QUEUE_FULL':
      case 'STREAM_OVERFLOW':
      case 'CLOSED':
        return;
      default:
        unfit('which nothing here can lead to');
    }
  }

  abandoned(number: number): void {
    this.#open.delete(number);
    this.#ended.add(number);
  }

  clientClosed(client: string, pending: number, sockets: number): void {
    if (pending > 0 || sockets > 0) {
      throw new Violation('left behind', `${client} closed with ${pending} calls and ${sockets} sockets`);
    }
  }

  jobStarted(worker: string, number: number, held: number, credit: number): void {
    if (held > credit) throw new Violation('credit', `${worker} holds ${held} of ${credit} with ${number}`);
  }
}
