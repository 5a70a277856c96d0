import type { Frame } from '@majordomo/protocol';
import {
  RouterLink,
  type PeerKey,
  type RouterLinkHandlers,
  type RouterLinkOptions,
  type RouterSecurity,
} from '@majordomo/transport';
import type { Door, DoorPlan } from './doors';

/** Starts the keys of peers behind every door but the first. Bytes of routing ids are less. */
const MARKS = 0x100;

/** The number of the door that a peer came in by. */
export function doorNumberOf(peer: PeerKey): number {
  const first = peer.charCodeAt(0);
  return first < MARKS ? 0 : first - MARKS;
}

/** A router for each door, and the way to each peer. */
export class Links {
  readonly #links: readonly RouterLink[];
  readonly #first: RouterLink;

  /** @param securityOf - who may come in by a door; `undefined` where whoever reaches it may */
  constructor(
    private readonly plan: DoorPlan,
    options: RouterLinkOptions,
    securityOf: (door: Door) => RouterSecurity | undefined,
    handlers: RouterLinkHandlers,
  ) {
    const open = (door: Door): RouterLink => {
      const mark = door.number === 0 ? '' : String.fromCharCode(MARKS + door.number);
      return new RouterLink({ ...options, mark, security: securityOf(door) }, handlers);
    };
    const [first, ...others] = plan.doors;
    this.#first = open(first ?? { number: 0, role: undefined, curve: false });
    this.#links = [this.#first, ...others.map(open)];
  }

  /** True where connections that close are noticed at once. */
  get noticesDepartures(): boolean {
    return this.#first.noticesDepartures;
  }

  /**
   * Binds every endpoint; returns them as they really are, ports filled in.
   * @throws BindError, StateError – see {@link RouterLink.bind}
   */
  async bind(bound: string[]): Promise<void> {
    for (const { endpoint, door } of this.plan.endpoints) {
      bound.push(await this.#of(door.number).bind(endpoint));
    }
  }

  receive(): void {
    for (const link of this.#links) link.receive();
  }

  #of(number: number): RouterLink {
    return this.#links[number] ?? this.#first;
  }

  /** See {@link RouterLink.send}. */
  send(peer: PeerKey, frames: readonly Frame[], spacer?: readonly Frame[]): void {
    if (this.#links.length === 1) this.#first.send(peer, frames, spacer);
    else this.#of(doorNumberOf(peer)).send(peer, frames, spacer);
  }

  /** See {@link RouterLink.renew}. */
  renew(door: Door): Promise<void> {
    return this.#of(door.number).renew();
  }

  isCongested(peer: PeerKey): boolean {
    return this.#of(doorNumberOf(peer)).isCongested(peer);
  }

  /** The routing id of a peer, one character per byte. */
  routingIdOf(peer: PeerKey): string {
    return this.#of(doorNumberOf(peer)).routingIdOf(peer);
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
