import type { Broker } from '@majordomo/broker';
import type { MmiBroker } from '@majordomo/protocol';
import type { Bystanders } from './bystanders';
import { conversationOf, type Conversation } from './conversations';
import { explain } from './finding';
import { converse } from './hostile-peer';
import { Ledger } from './ledger';
import { holdsWithin } from './poll';

/** How long the broker may take to forget those who left unless told otherwise, in ms. */
const CLEAN_MS = 15_000;

/** Who is hostile, and what is said. */
export interface SiegeOptions {
  readonly seed: number;
  /** Hostile peers at one time. */
  readonly peers: number;
  /** How long the broker may take to forget those who left, in ms. Default 15,000. */
  readonly cleanMs?: number;
  /** What hostile peers say, until there is nothing more; those of the seed unless told otherwise. */
  readonly conversations?: (number: number) => Conversation | undefined;
}

/** Hostile peers talk to a broker while well-behaved ones work. */
export class Siege {
  readonly ledger: Ledger;
  readonly objections: string[] = [];
  readonly underWay = new Map<number, Conversation>();
  /** What was under way when something was found wrong. */
  suspects: readonly Conversation[] = [];
  readonly #wrong = new AbortController();
  conversations = 0;

  constructor(
    readonly broker: Broker,
    private readonly run: SiegeOptions,
  ) {
    this.ledger = new Ledger(broker.options.limits);
  }

  /** Something is wrong: no conversation goes on. */
  object(line: string): void {
    this.objections.push(line);
    if (this.suspects.length === 0) this.suspects = [...this.underWay.values()];
    this.#wrong.abort();
  }

  /** Holds conversations until so many messages were sent in all, several at a time. */
  async until(messages: number): Promise<void> {
    await Promise.all(Array.from({ length: this.run.peers }, () => this.#peer(messages)));
  }

  async #peer(messages: number): Promise<void> {
    const { signal } = this.#wrong;
    while (this.ledger.messages < messages && !signal.aborted) {
      const conversation = this.#conversation(this.conversations);
      if (!conversation) return;
      this.conversations++;
      this.underWay.set(conversation.number, conversation);
      try {
        await converse(this.broker.endpoints[0] ?? '', conversation, this.ledger, signal);
      } catch (error) {
        if (!signal.aborted) this.object(explain(error));
      }
      this.underWay.delete(conversation.number);
    }
  }

  #conversation(number: number): Conversation | undefined {
    const { seed, conversations } = this.run;
    return conversations ? conversations(number) : conversationOf(seed, number);
  }

  /** Everybody hostile has left: nothing may be left of them. */
  async isClean({
    workers,
    sessions,
    services,
  }: Pick<Bystanders, 'workers' | 'sessions' | 'services'>): Promise<void> {
    const { cleanMs = CLEAN_MS } = this.run;
    const expected = { workers, clients: sessions, services, queued: 0, queuedBytes: 0, inFlight: 0 };
    const names = Object.keys(expected) as (keyof typeof expected)[];
    const differs = (state: MmiBroker): string[] =>
      names
        .filter((name) => state[name] !== expected[name])
        .map((name) => `${name} is ${state[name]}, should be ${expected[name]}`);
    const clean = await holdsWithin(cleanMs, () => differs(this.broker.describe()).length === 0);
    if (clean) return;
    for (const line of differs(this.broker.describe())) this.object(`left behind: ${line}`);
  }
}
