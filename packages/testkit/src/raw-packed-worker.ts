import type { Frame } from './hex';
import type {
  PackedCommand,
  PackedFailure,
  PackedReady,
  PackedRequest,
  PackedWelcome,
} from './packed-commands';
import { INTRODUCTION, RawPackedPeer, type RawPackedPeerOptions } from './raw-packed-peer';

/**
 * A worker of MDP/P1, written from docs/PROTOCOL.md and not on our codec. It does nothing by itself. Recorded as
 * violations: requests beyond the highest credit it gave or after the broker confirmed its DRAINING, a reference that
 * it holds already, CANCEL and WINDOW of one that it was never given, anything before WELCOME or after DISCONNECT, and
 * every message that cannot be read.
 */
export class RawPackedWorker extends RawPackedPeer {
  /** References of requests that it was given and has not ended. */
  readonly held = new Set<number>();
  readonly #given = new Set<number>();
  #creditMax = 0;
  #drained = false;

  constructor(endpoint: string, options: RawPackedPeerOptions = {}) {
    super('RawPackedWorker', endpoint, options, 'worker-to-broker', 'broker-to-worker');
  }

  /** READY, behind the empty frame. Sent as often as it is called: twice is a protocol error. */
  ready(service: string, fields: Partial<PackedReady> = {}): Promise<void> {
    return this.open({ ...INTRODUCTION, credit: 1, ...fields, kind: 'ready', service });
  }

  /** READY and the WELCOME to it. */
  async connect(service: string, fields: Partial<PackedReady> = {}): Promise<PackedWelcome> {
    await this.ready(service, fields);
    return this.nextWelcome();
  }

  /** The next REQUEST; throws on DISCONNECT. */
  nextRequest(timeoutMs?: number): Promise<PackedRequest> {
    return this.inbox.next(['request'], timeoutMs);
  }

  /** The reference that the next CANCEL is about. */
  async nextCancel(timeoutMs?: number): Promise<number> {
    return (await this.inbox.next(['cancel'], timeoutMs)).id;
  }

  /** The next WINDOW. */
  async nextWindow(timeoutMs?: number): Promise<{ id: number; more: number }> {
    const { id, more } = await this.inbox.next(['window'], timeoutMs);
    return { id, more };
  }

  /** Throws when a REQUEST is there or arrives within `ms`; what arrived stays. */
  expectNoRequest(ms: number): Promise<void> {
    return this.inbox.quiet(ms, ['request']);
  }

  partial(id: number, ...body: Frame[]): Promise<void> {
    return this.send({
      kind: 'partial',
      id,
      metadata: Buffer.alloc(0),
      body: body.map((frame) => Buffer.from(frame)),
    });
  }

  final(id: number, ...body: Frame[]): Promise<void> {
    return this.send({
      kind: 'final',
      id,
      metadata: Buffer.alloc(0),
      body: body.map((frame) => Buffer.from(frame)),
    });
  }

  failure(id: number, code: string, message = '', fields: Partial<PackedFailure> = {}): Promise<void> {
    return this.send({ retryable: false, ofWorker: true, ...fields, kind: 'failure', id, code, message });
  }

  /** CREDIT: so many requests at once from now on. */
  credit(credit: number): Promise<void> {
    return this.send({ kind: 'credit', credit });
  }

  /** DRAINING: no more requests, please. */
  draining(): Promise<void> {
    return this.send({ kind: 'draining' });
  }

  protected noteSent(command: PackedCommand): void {
    if (command.kind === 'ready' || command.kind === 'credit') {
      this.#creditMax = Math.max(this.#creditMax, command.credit);
    } else if (command.kind === 'final' || command.kind === 'failure') this.held.delete(command.id);
  }

  protected noteReceived(command: PackedCommand): void {
    if (command.kind === 'draining') this.#drained = true;
    else if (command.kind === 'request') this.#take(command.id);
    else if ((command.kind === 'cancel' || command.kind === 'window') && !this.#given.has(command.id)) {
      throw new Error(`${command.kind.toUpperCase()} of ${command.id}, which was never given`);
    }
  }

  #take(id: number): void {
    if (this.#drained) throw new Error(`REQUEST ${id} after DRAINING`);
    if (this.held.has(id)) throw new Error(`REQUEST ${id}, which is held already`);
    if (this.held.size >= this.#creditMax)
      throw new Error(`REQUEST ${id} beyond a credit of ${this.#creditMax}`);
    this.held.add(id);
    this.#given.add(id);
  }
}
