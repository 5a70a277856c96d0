import { randomBytes } from 'node:crypto';
import {
  encodeZ85,
  InvalidOptionsError,
  keyToBytes,
  NONCE_BYTES,
  type Challenge,
  type Proof,
} from '@majordomo/protocol';
import {
  isProven,
  type Half,
  type KeyPair,
  type PeerKey,
  type ZapGate,
  type ZapRequest,
} from '@majordomo/transport';
import type { Authority, Identity } from '../core/access/authority';
import { Meter } from '../core/access/meter';
import type { Policy } from '../core/access/policy';
import { Rights } from '../core/access/rights';
import type { Door } from './doors';
import { doorNumberOf } from './links';

/** What access tells of, and needs to know. */
export interface AccessEvents {
  /** A connection was not let in. */
  refused(refused: {
    readonly address: string;
    readonly mechanism: string;
    readonly role: string | undefined;
    readonly key: string | undefined;
    readonly reason: string;
  }): void;
  malformed(): void;
  /** The routing id of a peer, one character per byte. */
  routingIdOf(peer: PeerKey): string;
  /** True where a connection that closes is noticed before another can take its routing id. */
  noticesDepartures(): boolean;
}

interface Held extends Identity {
  rights: Rights | undefined;
}

/** Peers that are not heard any more, at the most: each has a connection open. */
const SHUT_MAX = 100_000;

/** What is held against a key that nobody has. */
const UNKNOWN_KEY = 'the policy does not have this key';

/**
 * Who may come in by which door, and who is who behind it, by a policy that can be replaced.
 *
 * - A CURVE door takes the keys of the policy and no others; one with a role, those that have it.
 * - Who has proven no key has the role of its door, or the policy's `anonymous`.
 * - Who has proven one has the role of its door, or the roles of the key.
 */
export class Access implements Authority {
  #policy: Policy;
  readonly #strangers: Held[] = [];
  /** Those who have proven a key, by door and key. */
  readonly #proven = new Map<string, Held & { readonly door: Door; readonly key: string }>();
  readonly #meters = new Map<string, Meter>();
  /** Peers that are not heard any more until their connections close. */
  readonly #shut = new Set<PeerKey>();
  /** Keys that connections were let in with, by door, since it was renewed; some of them may be gone. */
  readonly #letIn = new Map<Door, Set<string>>();

  /** @param keys - the broker's own; `undefined` where no door has CURVE */
  constructor(
    policy: Policy,
    private readonly doors: readonly Door[],
    private readonly keys: KeyPair | undefined,
    private readonly events: AccessEvents,
  ) {
    this.#policy = policy;
    this.replace(policy);
  }

  /**
   * Takes another policy: identities that are known change their rights.
   * @returns the doors whose connections have to be made anew: one may be there by a key that counts no more, and have
   *   rights without having proven any
   * @throws InvalidOptionsError where it lacks the role of a door; then the one before holds on
   */
  replace(policy: Policy): readonly Door[] {
    for (const { role } of this.doors) {
      if (role === undefined || Object.hasOwn(policy.roles, role)) continue;
      throw new InvalidOptionsError(
        `The policy does not fit: roles: an endpoint has the role ${role}, which is not there.`,
      );
    }
    this.#policy = policy;
    for (const door of this.doors) {
      const rights = this.#rightsOf(door.role ?? policy.anonymous);
      const stranger = this.#strangers[door.number];
      if (stranger) stranger.rights = rights;
      else this.#strangers[door.number] = { keyName: undefined, meter: undefined, rights };
    }
    for (const [place, held] of this.#proven) {
      held.rights = this.#provenRights(held.door, held.key);
      if (!held.rights) this.#proven.delete(place);
    }
    for (const key of [...this.#meters.keys()])
      if (!Object.hasOwn(policy.keys, key)) this.#meters.delete(key);
    return this.doors.filter((door) => this.#isCompromised(door));
  }

  /** Which connection a key came in by nobody knows, so what has no session that proves another key may be of it. */
  #isCompromised(door: Door): boolean {
    if (!this.#strangers[door.number]?.rights) return false;
    for (const key of this.#letIn.get(door) ?? []) {
      if (this.#objectionToKey(door, key) !== undefined) return true;
    }
    return false;
  }

  /** Every connection of a door was closed. */
  renewed(door: Door): void {
    this.#letIn.delete(door);
    for (const peer of this.#shut) if (this.#doorOf(peer) === door) this.#shut.delete(peer);
  }

  #rightsOf(...names: readonly (string | null)[]): Rights | undefined {
    const known = names.filter((name) => name !== null && Object.hasOwn(this.#policy.roles, name));
    const roles = known.flatMap((name) => (name === null ? [] : (this.#policy.roles[name] ?? [])));
    return roles.length > 0 ? new Rights(roles, known.map(String)) : undefined;
  }

  #provenRights(door: Door, key: string): Rights | undefined {
    if (this.#objectionToKey(door, key) !== undefined) return undefined;
    return door.role === undefined
      ? this.#rightsOf(...(this.#entryOf(key)?.roles ?? []))
      : this.#rightsOf(door.role);
  }

  #entryOf(key: string): Policy['keys'][string] | undefined {
    return Object.hasOwn(this.#policy.keys, key) ? this.#policy.keys[key] : undefined;
  }

  /** Why a key may not use a door, or `undefined`. */
  #objectionToKey({ role }: Door, key: string): string | undefined {
    const entry = this.#entryOf(key);
    if (!entry) return UNKNOWN_KEY;
    if (role === undefined || entry.roles.includes(role)) return undefined;
    return `the key ${entry.name} does not have the role ${role} of this endpoint`;
  }

  /** Decides who may connect by a door. */
  gateOf(door: Door): ZapGate {
    return {
      objectionTo: (request) => {
        const reason = this.#objectionToConnection(door, request);
        const { address, mechanism, publicKey } = request;
        if (reason === undefined) {
          if (door.curve && publicKey !== undefined) this.#noteLetIn(door, publicKey);
          return undefined;
        }
        const key = publicKey === undefined ? undefined : this.#entryOf(publicKey)?.name;
        this.events.refused({ address, mechanism, role: door.role, key, reason });
        return reason;
      },
      malformed: () => this.events.malformed(),
    };
  }

  #noteLetIn(door: Door, key: string): void {
    const keys = this.#letIn.get(door) ?? new Set<string>();
    this.#letIn.set(door, keys.add(key));
  }

  #objectionToConnection(door: Door, { mechanism, publicKey }: ZapRequest): string | undefined {
    if (!door.curve) {
      return this.#strangers[door.number]?.rights
        ? undefined
        : 'whoever has proven no key may do nothing here';
    }
    return publicKey === undefined
      ? `${mechanism} at an endpoint for CURVE`
      : this.#objectionToKey(door, publicKey);
  }

  #doorOf(peer: PeerKey): Door {
    return this.doors[doorNumberOf(peer)] as Door;
  }

  stranger(peer: PeerKey): Identity {
    return this.#strangers[doorNumberOf(peer)] as Identity;
  }

  challenge(peer: PeerKey): Challenge | undefined {
    if (!this.keys || !this.#doorOf(peer).curve || !this.events.noticesDepartures()) return undefined;
    return { nonce: randomBytes(NONCE_BYTES), routingId: keyToBytes(this.events.routingIdOf(peer)) };
  }

  identify(half: Half, peer: PeerKey, challenge: Challenge, proof: Proof): Identity | string {
    if (!this.keys || !isProven(half, this.keys, challenge, proof)) return 'the proof of the key is wrong';
    const door = this.#doorOf(peer);
    const key = encodeZ85(proof.publicKey);
    const place = `${door.number} ${key}`;
    const known = this.#proven.get(place);
    if (known) return known;
    const rights = this.#provenRights(door, key);
    if (!rights) return this.#objectionToKey(door, key) ?? UNKNOWN_KEY;
    const keyName = this.#entryOf(key)?.name;
    const held = { keyName, meter: this.#meterOf(key), rights, door, key };
    this.#proven.set(place, held);
    return held;
  }

  #meterOf(key: string): Meter {
    const known = this.#meters.get(key) ?? new Meter();
    this.#meters.set(key, known);
    return known;
  }

  shut(peer: PeerKey): void {
    if (!this.events.noticesDepartures()) return;
    this.#shut.add(peer);
    if (this.#shut.size <= SHUT_MAX) return;
    for (const longest of this.#shut) {
      this.#shut.delete(longest);
      return;
    }
  }

  /** True for a peer that is not heard any more. */
  isShut(peer: PeerKey): boolean {
    return this.#shut.size > 0 && this.#shut.has(peer);
  }

  /** A connection opened or closed: whoever has this routing id from now on is somebody else. */
  connectionChanged(peer: PeerKey): void {
    this.#shut.delete(peer);
  }
}
