import { isMajordomoError } from '@majordomo/protocol';
import { AHEAD_MS_MIN, nextAheadMs } from '../core/ahead';
import { Gate } from '../core/gate';
import type { Verdict } from '../core/judge';
import type { Claimed, Settlement } from '../store/store';
import { Attempts, type AttemptsOptions } from './attempts';
import { BrokerWatch } from './broker-watch';
import { Departures } from './departures';
import { leaseOf } from './endings';
import { InHand } from './in-hand';
import { Settler } from './settler';
import { tellGivenBack, tellRegained } from './telling';

/** What a runner needs. */
export interface RunnerOptions extends AttemptsOptions {
  readonly owner: string;
  readonly concurrency: number;
  readonly inHandBytesMax: number;
  readonly leaseMs: number;
}

/** What a runner has done since it was made. */
export interface RunnerCounters {
  claimed: number;
  delivered: number;
  retried: number;
  released: number;
  dead: number;
  expired: number;
  fired: number;
}

/** How long to rely on a timer, in ms: clocks are set, and machines sleep. */
const TIMER_MS_MAX = 30_000;
/** The wait before the store is asked again after it failed, in ms. */
const STORE_RETRY_MS = 500;
/** How long a titanic that stops tries to tell a store that fails what became of its requests, in ms. */
const STORE_PATIENCE_MS = 5_000;
/** The least time between two looks at the store that nothing but the clock asks for, in ms: tokens come one by one. */
const PACE_MS_MIN = 5;

/**
 * Requests in hand for each that may be delivered at one time: the others were claimed ahead of their pace, or wait for
 * the store to know of their end.
 */
const IN_HAND_FACTOR = 2;

/**
 * Claims what is due and delivers it. It looks at the store when the store says that something is due, when the time
 * comes that the store has named, and when a request in hand has ended, unless a pace is all that others wait for.
 * What has a pace is claimed a little ahead of it, and leaves at its time. Without a broker it claims nothing.
 */
export class Runner {
  readonly counters: RunnerCounters = {
    claimed: 0,
    delivered: 0,
    retried: 0,
    released: 0,
    dead: 0,
    expired: 0,
    fired: 0,
  };
  readonly #options: RunnerOptions;
  readonly #settler: Settler;
  readonly #inHand: InHand;
  readonly #attempts: Attempts;
  readonly #brokers: BrokerWatch;
  readonly #departures: Departures;
  readonly #gate = new Gate();
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #unsubscribe: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  /** The claims that are under way. */
  #claiming: Promise<void> | undefined;
  #isAskedAgain = false;
  /** False where a pace is all that keeps what is due from being claimed: that a request has ended changes nothing. */
  #isEndAwaited = true;
  /** Deliveries and requests in hand that have ended. */
  #ends = 0;
  #aheadMs = AHEAD_MS_MIN;

  constructor(options: RunnerOptions) {
    const { store, client, leaseMs, logger } = options;
    this.#options = options;
    this.#settler = new Settler(store, logger);
    this.#inHand = new InHand(store, leaseMs, logger);
    this.#attempts = new Attempts(options, {
      progress: (claimed, packed) => this.#inHand.progress(claimed, packed),
      settle: (settlement, service, health) => this.#settle(settlement, service, health),
    });
    this.#brokers = new BrokerWatch(client, () => this.#claim());
    this.#departures = new Departures(() => this.#inHand.delivering < options.concurrency);
  }

  /** Requests in hand. */
  get running(): number {
    return this.#inHand.size;
  }

  start(): void {
    this.#state = 'running';
    this.#unsubscribe = this.#options.store.subscribe({ due: (at) => this.#wakeAt(at) });
    this.#inHand.start();
    this.#brokers.start();
  }

  /**
   * Claims no more, and waits for what is in hand; what is not done by then is withdrawn and given back. What a claim that
   * was under way still brings is given back at once.
   */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopping';
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#brokers.stop();
    const late = setTimeout(() => {
      if (timeoutMs > 0) tellGivenBack(this.#options.logger, this.#inHand.size, timeoutMs);
      this.#inHand.abortAll();
      this.#departures.departAll();
    }, timeoutMs);
    let giveUp: NodeJS.Timeout | undefined;
    const givenUp = new Promise<void>((resolve) => {
      giveUp = setTimeout(() => {
        this.#settler.stop();
        resolve();
      }, timeoutMs + STORE_PATIENCE_MS);
    });
    await Promise.race([this.#claiming, givenUp]);
    await this.#inHand.empty();
    clearTimeout(late);
    clearTimeout(giveUp);
    this.#departures.departAll();
    this.#inHand.stop();
    this.#settler.stop();
    this.#state = 'stopped';
  }

  #wakeAt(at: number): void {
    if (this.#state !== 'running' || at === Infinity || at >= this.#timerAt) return;
    const waitMs = at - this.#options.store.now();
    if (waitMs <= 0) {
      this.#claim();
      return;
    }
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const timer = setTimeout(
      () => {
        this.#timerAt = Infinity;
        this.#claim();
      },
      Math.min(TIMER_MS_MAX, Math.ceil(waitMs)),
    );
    this.#timer = timer;
  }

  /** Places that are free, and that nothing in hand waits for. */
  get #places(): number {
    return this.#options.concurrency - this.#inHand.delivering - this.#departures.ready;
  }

  /** Claims soon; where a claim is under way, once more after it. */
  #claim(): void {
    this.#isAskedAgain = true;
    this.#claiming ??= this.#claimWhileThereIs();
  }

  async #claimWhileThereIs(): Promise<void> {
    do {
      // Places that become free in this turn are filled together.
      await new Promise(setImmediate);
      this.#isAskedAgain = false;
      const { concurrency, inHandBytesMax } = this.#options;
      const { size, bytes } = this.#inHand;
      // While what has been delivered is written down, others take its place, as many at the most.
      const max = Math.min(this.#places, IN_HAND_FACTOR * concurrency - size);
      const bytesMax = inHandBytesMax - bytes;
      this.#isEndAwaited = true;
      if (this.#state !== 'running' || !this.#brokers.isUp || max <= 0 || bytesMax <= 0) break;
      await this.#claimOnce(max, bytesMax);
    } while (this.#isAskedAgain);
    this.#claiming = undefined;
  }

  async #claimOnce(max: number, bytesMax: number): Promise<void> {
    const { store, owner, leaseMs, rules, logger } = this.#options;
    const { paces, pace } = rules;
    const startedAt = performance.now();
    const endsBefore = this.#ends;
    this.#isEndAwaited = false;
    try {
      const aheadMs = Math.min(this.#aheadMs, leaseMs / 2);
      const order = { owner, max, bytesMax, leaseMs, paces, pace, aheadMs };
      const { claimed, nextAt, regained, held, isEndAwaited } = await store.claim(order);
      this.#aheadMs = nextAheadMs(this.#aheadMs, performance.now() - startedAt);
      // Where nothing holds what is due, a look is worth its while: it goes with what is being submitted.
      this.#isEndAwaited = isEndAwaited || held.length === 0;
      this.counters.claimed += claimed.length;
      if (this.#state !== 'running') {
        await this.#giveBack(claimed);
        return;
      }
      for (const each of claimed) this.#take(each);
      if (regained.length > 0) tellRegained(logger, regained);
      const isMore = claimed.length > 0 && nextAt <= store.now();
      if (isMore || (this.#isEndAwaited && this.#ends > endsBefore)) this.#claim();
      else this.#wakeAt(Math.max(nextAt, store.now() + PACE_MS_MIN));
    } catch (error) {
      this.#isEndAwaited = true;
      if (isMajordomoError(error, 'CLOSED')) return;
      logger.error({ event: 'claimFailed', err: error }, 'the store gives nothing to do');
      this.#wakeAt(store.now() + STORE_RETRY_MS);
    }
  }

  /** Claimed too late: nothing of it has left, so it is no attempt. */
  async #giveBack(claimed: readonly Claimed[]): Promise<void> {
    const release = { outcome: 'release', error: undefined } as const;
    await Promise.all(
      claimed.map((each) => this.#settle({ ...leaseOf(each), ...release }, each.service, undefined)),
    );
  }

  #take(claimed: Claimed): void {
    const { store, rules } = this.#options;
    const signal = this.#inHand.add(claimed);
    const { service, leavesAt } = claimed;
    const at = performance.now() + Math.max(0, leavesAt - store.now());
    this.#departures.add(this.#gate.pass(service, rules.of(service).pace, at), () =>
      this.#leave(claimed, signal),
    );
  }

  #leave(claimed: Claimed, signal: AbortSignal): void {
    this.#inHand.left(claimed);
    void this.#attempts.make(claimed, signal).finally(() => {
      this.#inHand.remove(claimed);
      this.#ended();
    });
  }

  /** A delivery has ended, or a request is no more in hand: others may take its place. */
  #ended(): void {
    this.#ends++;
    this.#departures.depart();
    if (this.#isEndAwaited) this.#claim();
  }

  async #settle(settlement: Settlement, service: string, health: Verdict['health']): Promise<void> {
    this.#inHand.delivered(settlement);
    this.#ended();
    await this.#settler.settle(settlement, service, health);
    this.counters[COUNTERS[settlement.outcome]]++;
  }
}

const COUNTERS: Readonly<Record<Settlement['outcome'], keyof RunnerCounters>> = {
  succeed: 'delivered',
  retry: 'retried',
  release: 'released',
  die: 'dead',
  expire: 'expired',
  fire: 'fired',
};
