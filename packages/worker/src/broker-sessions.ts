import { BrokerPresence } from './broker-presence';
import { PackedRunner, type PackedKeeper, type PlainVerdict } from './packed-runner';
import { PlainRunner, type PlainKeeper, type PlainName } from './plain-runner';
import type { Shared } from './shared';

/**
 * All sessions of a worker with one broker: a packed one, or as many plain ones as there are places for handlers,
 * for a plain worker takes one request at a time.
 *
 * Where the protocol is `auto`, the packed session finds out what the broker speaks, and stands aside where that is
 * a plain dialect. The plain sessions then keep to it for as long as one of them stands; once all are lost, the
 * broker is asked again, for another may have taken its place. Where the broker answered nothing, they speak MDP/0.2
 * for now, and the broker is asked again as soon as one of them is lost.
 */
export class BrokerSessions implements PlainKeeper, PackedKeeper {
  /** Resolves once all of them are over. */
  readonly ended: Promise<void>;
  readonly #shared: Shared;
  readonly #presence: BrokerPresence;
  readonly #packed: PackedRunner | undefined;
  readonly #plain = new Set<PlainRunner>();
  /** The plain dialect that the broker speaks, as far as that is known. */
  #dialect: PlainName | undefined;
  /** True where the broker did not say so. */
  #guessed = false;
  #packedIsOver = false;
  #started = false;
  #ending = false;
  #end: () => void = () => undefined;

  constructor(broker: string, shared: Shared) {
    const { protocol } = shared.options;
    const isPinned = protocol === 'mdp/0.1' || protocol === 'mdp/0.2';
    this.#shared = shared;
    this.#presence = new BrokerPresence(broker, shared);
    this.#packed = isPinned ? undefined : new PackedRunner(shared, this.#presence, this);
    this.#packedIsOver = isPinned;
    if (isPinned) this.#dialect = protocol;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Sessions registered now. */
  get registered(): number {
    return this.#presence.registered;
  }

  /** Connects, and keeps the sessions going until they leave or are closed. */
  start(): void {
    this.#started = true;
    this.#packed?.start();
    this.#fill();
  }

  /** Takes no more requests, and ends once those in hand are done. */
  leave(): void {
    this.#ending = true;
    this.#packed?.leave();
    for (const session of this.#plain) session.leave();
    this.#endWhenOver();
  }

  /** Ends at once. */
  close(): void {
    this.#ending = true;
    this.#packed?.close();
    for (const session of this.#plain) session.close();
    this.#endWhenOver();
  }

  /** The alarm rang. */
  tick(): void {
    this.#packed?.tick();
    for (const session of this.#plain) session.tick();
  }

  /** The number of places for handlers has changed. */
  resized(): void {
    this.#packed?.setCredit(this.#shared.slots.count);
    this.#fill();
    this.#thin();
  }

  /** Plain sessions that are to stay. */
  #staying(): PlainRunner[] {
    return [...this.#plain].filter(({ dialect, leaves }) => dialect === this.#dialect && !leaves);
  }

  /** Adds the plain sessions that are missing. */
  #fill(): void {
    if (!this.#dialect || !this.#started || this.#ending) return;
    for (let have = this.#staying().length; have < this.#shared.slots.count; have++) {
      const session = new PlainRunner(this.#shared, this.#presence, this.#dialect, this);
      this.#plain.add(session);
      session.start();
    }
  }

  /** Has the plain sessions leave that are too many, idle ones first. */
  #thin(): void {
    const staying = this.#staying().sort((left, right) => Number(left.busy) - Number(right.busy));
    for (const session of staying.slice(0, Math.max(0, staying.length - this.#shared.slots.count))) {
      session.leave();
    }
  }

  plainFound(verdict: PlainVerdict): void {
    const { options, service } = this.#shared;
    const { broker } = this.#presence;
    this.#guessed = verdict === 'silent';
    this.#dialect = verdict === 'silent' ? 'mdp/0.2' : verdict;
    if (this.#guessed) {
      options.logger.warn(
        { event: 'brokerSilent', service, broker },
        'a broker does not say what it speaks: MDP/0.2 for now',
      );
    } else {
      options.logger.debug(
        { event: 'dialectFound', service, broker, dialect: verdict },
        'a broker speaks a plain dialect',
      );
    }
    this.#dismissOthers();
    this.#fill();
  }

  packedRegistered(): void {
    this.#dialect = undefined;
    this.#dismissOthers();
  }

  /** Plain sessions in a dialect that the broker was taken to speak finish what they have. */
  #dismissOthers(): void {
    for (const session of this.#plain) {
      if (session.dialect !== this.#dialect) session.leave();
    }
  }

  packedClosed(): void {
    this.#packedIsOver = true;
    this.#endWhenOver();
  }

  sessionLost(session: PlainRunner): void {
    if (!this.#packed || this.#ending || session.leaves) return;
    if (!this.#guessed && this.#staying().some(({ stands }) => stands)) return;
    for (const other of this.#staying()) {
      if (!other.stands) other.close();
    }
    this.#packed.again(session.heard);
  }

  sessionClosed(session: PlainRunner): void {
    this.#plain.delete(session);
    this.#endWhenOver();
  }

  #endWhenOver(): void {
    if (this.#ending && this.#packedIsOver && this.#plain.size === 0) this.#end();
  }
}
