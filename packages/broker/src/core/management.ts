import { Body } from '@majordomo/protocol';
import { answerMmi, argumentOf, type BrokerView } from './mmi';

/**
 * Services and workers that are looked at for management replies in one ms, on average. One look costs about a
 * microsecond, so that this is a tenth of the time.
 */
const LOOKS_PER_MS = 100;

/**
 * Answers management requests, at a bounded cost: who asks often must not keep the broker from its work. A reply
 * serves all who ask the same in one turn, and, where it took long to make, those who ask in the ms after it. So the
 * list of a hundred workers is as of now, and that of ten thousand is 100 ms old at the most.
 */
export class Management {
  /** Replies by service and argument. */
  readonly #kept = new Map<string, Body>();
  #looks = 0;
  #freshUntil = 0;

  constructor(private readonly view: BrokerView) {}

  /** The reply of a management service to a request with this body. */
  answer(service: string, body: Body, now: number): Body {
    const argument = argumentOf(service, body);
    // No name of a service has a line break in it.
    const key = `${service}\n${argument ?? ''}`;
    const kept = argument === undefined ? undefined : this.#kept.get(key);
    if (kept) return kept;
    const { frames, looks } = answerMmi(this.view, service, argument, now);
    const reply = new Body(frames);
    if (looks === 0) return reply;
    this.#looks += looks;
    this.#freshUntil = now + Math.floor(this.#looks / LOOKS_PER_MS);
    if (argument !== undefined) this.#kept.set(key, reply);
    return reply;
  }

  /** A turn is over: replies that took little to make are made anew in the next. */
  endTurn(now: number): void {
    if (this.#looks === 0 || now < this.#freshUntil) return;
    this.#kept.clear();
    this.#looks = 0;
  }
}
