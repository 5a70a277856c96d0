import { AbortError, isMajordomoError, type Logger } from '@majordomo/protocol';
import type { Claimed, Lease, Renewal, RequestStore } from '../store/store';

/** A request that was claimed. */
interface Held {
  readonly lease: Lease;
  readonly service: string;
  readonly bytes: number;
  readonly controller: AbortController;
  /** False before it has left, and once all that is left is to write down what came of it. */
  isDelivering: boolean;
  renewedAt: number;
  progress: Uint8Array | undefined;
}

/** How often new progress is looked for, in ms. */
const TICK_MS = 1_000;

const keyOf = ({ id, token }: Lease): string => `${id}.${token}`;

/** The requests that this titanic has in hand: renews their leases, keeps their progress, and withdraws those it has lost. */
export class InHand {
  readonly #store: RequestStore;
  readonly #leaseMs: number;
  readonly #logger: Logger;
  readonly #held = new Map<string, Held>();
  #bytes = 0;
  #delivering = 0;
  #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;
  #isEmpty: (() => void) | undefined;

  constructor(store: RequestStore, leaseMs: number, logger: Logger) {
    this.#store = store;
    this.#leaseMs = leaseMs;
    this.#logger = logger;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Those that are being delivered. */
  get delivering(): number {
    return this.#delivering;
  }

  /** Bytes of their bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#renew(), Math.min(TICK_MS, this.#leaseMs / 3));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A request that was claimed, and has not left. @returns what fires when it is to be given up */
  add(claimed: Claimed): AbortSignal {
    const controller = new AbortController();
    const { id, token, service, body } = claimed;
    const held = {
      lease: { id, token },
      service,
      bytes: body.length,
      controller,
      isDelivering: false,
      renewedAt: performance.now(),
      progress: undefined,
    };
    this.#held.set(keyOf(claimed), held);
    this.#bytes += held.bytes;
    return controller.signal;
  }

  /** It leaves. */
  left(lease: Lease): void {
    const held = this.#held.get(keyOf(lease));
    if (!held || held.isDelivering) return;
    held.isDelivering = true;
    this.#delivering++;
  }

  /** Its delivery has ended, one way or another; it stays in hand until the store knows. */
  delivered(lease: Lease): void {
    const held = this.#held.get(keyOf(lease));
    if (held) this.#endDelivery(held);
  }

  remove(lease: Lease): void {
    const key = keyOf(lease);
    const held = this.#held.get(key);
    if (!held) return;
    this.#endDelivery(held);
    this.#bytes -= held.bytes;
    this.#held.delete(key);
    if (this.#held.size === 0) this.#isEmpty?.();
  }

  #endDelivery(held: Held): void {
    if (!held.isDelivering) return;
    held.isDelivering = false;
    this.#delivering--;
  }

  progress(lease: Lease, packed: Uint8Array): void {
    const held = this.#held.get(keyOf(lease));
    if (held) held.progress = packed;
  }

  /** Resolves once nothing is in hand. */
  async empty(): Promise<void> {
    if (this.#held.size > 0) await new Promise<void>((resolve) => (this.#isEmpty = resolve));
  }

  abortAll(): void {
    for (const { controller } of this.#held.values()) controller.abort(new AbortError('This titanic stops.'));
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const now = performance.now();
    const due = [...this.#held.values()].filter(
      ({ renewedAt, progress }) => progress !== undefined || now - renewedAt >= this.#leaseMs / 3,
    );
    if (due.length > 0) await this.#renewThese(due, now);
    this.#isRenewing = false;
  }

  async #renewThese(due: readonly Held[], now: number): Promise<void> {
    const renewals = due.map(({ lease, progress }): Renewal => ({ ...lease, progress }));
    try {
      const lost = await this.#store.renew(renewals, this.#leaseMs);
      for (const [index, held] of due.entries()) {
        held.renewedAt = now;
        if (held.progress === renewals[index]!.progress) held.progress = undefined;
      }
      for (const lease of lost) this.#lose(lease);
    } catch (error) {
      if (!isMajordomoError(error, 'CLOSED')) {
        this.#logger.error(
          { event: 'renewFailed', leases: due.length, err: error },
          'leases could not be renewed',
        );
      }
    }
  }

  /** Closed by somebody, or taken up by another titanic. */
  #lose(lease: Lease): void {
    const held = this.#held.get(keyOf(lease));
    if (!held) return;
    this.#logger.warn(
      { event: 'leaseLost', service: held.service, ...lease },
      'a lease is void: the delivery is withdrawn',
    );
    held.controller.abort(new AbortError('Its lease is void.'));
  }
}
