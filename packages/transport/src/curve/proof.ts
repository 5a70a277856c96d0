import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { decodeZ85, encodeText, type Challenge, type Proof } from '@majordomo/protocol';
import { sharedSecret, type ClientKeys, type KeyPair } from './keys';

/** Who proves: a client or a worker. */
export type Half = 'client' | 'worker';

/** Keeps what is made here apart from whatever else the same keys are used for. */
const LABEL = encodeText('MDP/P1 PROOF 1');
const HALF: Readonly<Record<Half, Uint8Array>> = { client: encodeText('C'), worker: encodeText('W') };
const KEY_BYTES = 32;
const NO_BYTES = new Uint8Array(0);

/** The code of docs/PROTOCOL.md, "Proof of a key". */
function macOf(
  shared: Uint8Array,
  half: Half,
  { nonce, routingId }: Challenge,
  brokerKey: Uint8Array,
  peerKey: Uint8Array,
): Buffer {
  const key = hkdfSync('sha256', shared, nonce, LABEL, KEY_BYTES);
  return createHmac('sha256', Buffer.from(key))
    .update(LABEL)
    .update(HALF[half])
    .update(nonce)
    .update(brokerKey)
    .update(peerKey)
    .update(routingId)
    .digest();
}

/** The bytes of a key that has been checked. */
const rawKey = (key: string): Uint8Array => decodeZ85(key) ?? NO_BYTES;

/** A peer's answer to the challenge of its broker; `undefined` where the broker's key is one that nobody can use. */
export function makeProof(half: Half, keys: ClientKeys, challenge: Challenge): Proof | undefined {
  const brokerKey = rawKey(keys.serverKey);
  const publicKey = rawKey(keys.publicKey);
  const shared = sharedSecret(keys.secretKey, brokerKey);
  return shared && { kind: 'proof', publicKey, mac: macOf(shared, half, challenge, brokerKey, publicKey) };
}

/** True where a proof can only have been made by a holder of its key, for this challenge. */
export function isProven(
  half: Half,
  broker: KeyPair,
  challenge: Challenge,
  { publicKey, mac }: Proof,
): boolean {
  const shared = sharedSecret(broker.secretKey, publicKey);
  return (
    shared !== undefined &&
    timingSafeEqual(macOf(shared, half, challenge, rawKey(broker.publicKey), publicKey), mac)
  );
}
