import type { Challenge, Proof } from '@majordomo/protocol';
import type { PeerId } from '../records';
import type { Meter } from './meter';
import type { Rights } from './rights';

/** Who a peer is, as far as it matters. All sessions of one key on one endpoint share theirs. */
export interface Identity {
  /** The name of the proven key; `undefined` where none was proven. */
  readonly keyName: string | undefined;
  /** Counts for all sessions of a key together; `undefined` where each peer is counted for itself. */
  readonly meter: Meter | undefined;
  /** What it may do now; `undefined` where that is nothing, because its key or role is not in the policy. */
  readonly rights: Rights | undefined;
}

/** Decides who is who. Handed in: proofs take cryptography, challenges randomness. */
export interface Authority {
  /** Who a peer is that proves nothing: what its endpoint makes of it. */
  stranger(peer: PeerId): Identity;
  /** What a peer that can prove a key is to prove it with; `undefined` where it is a stranger all the same. */
  challenge(peer: PeerId): Challenge | undefined;
  /** Who has proven a key, or the reason why that is no proof, or no key for this endpoint. */
  identify(half: 'client' | 'worker', peer: PeerId, challenge: Challenge, proof: Proof): Identity | string;
  /** Nothing more is heard of a peer until its connection closes: it has lied, or its key counts no more. */
  shut(peer: PeerId): void;
}
