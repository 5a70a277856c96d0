import { TcpRelay } from '@majordomo/testkit';

/** The relays between clients, workers and brokers: a network that can be cut, stalled and slowed. */
export class Network {
  readonly #relays = new Map<string, TcpRelay>();
  /** Where others find a broker, by the side and its own endpoint. */
  readonly #ways = new Map<string, string>();

  /** Puts a relay in front of a broker, for clients and for workers. */
  async lay(letter: string, endpoint: string): Promise<void> {
    for (const side of ['clients', 'workers'] as const) {
      const relay = await TcpRelay.to(endpoint);
      this.#relays.set(`${side}-${letter}`, relay);
      this.#ways.set(`${side} ${endpoint}`, relay.endpoint);
    }
  }

  via(side: 'clients' | 'workers', endpoint: string): string {
    return this.#ways.get(`${side} ${endpoint}`) ?? endpoint;
  }

  /** The names of all relays. */
  get names(): readonly string[] {
    return [...this.#relays.keys()];
  }

  relay(name: string): TcpRelay {
    const relay = this.#relays.get(name);
    if (!relay) throw new RangeError(`there is no network ${name}`);
    return relay;
  }

  /** Everything moves again, at full speed. */
  heal(): void {
    for (const relay of this.#relays.values()) {
      relay.refuse(false);
      relay.slow({});
      relay.resume();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#relays.values()].map((relay) => relay.close()));
  }
}
