import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { decodeZ85, encodeZ85, InvalidKeyError, isCurveKey } from '@majordomo/protocol';
import { curveKeyPair } from 'zeromq';

/** A CURVE key pair, each key 40 characters of Z85. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** What a client or worker needs for CURVE. */
export interface ClientKeys extends KeyPair {
  /** The public key of its brokers. */
  readonly serverKey: string;
}

/** Makes a new key pair. */
export function generateKeyPair(): KeyPair {
  const { publicKey, secretKey } = curveKeyPair();
  return { publicKey, secretKey };
}

/** DER of an X25519 key (RFC 8410) up to the key itself. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

function bytesOf(key: string, what: string): Uint8Array {
  const bytes = isCurveKey(key) ? decodeZ85(key) : undefined;
  if (bytes) return bytes;
  throw new InvalidKeyError(
    `${what} is no CURVE key: that is 40 characters of Z85, got ${key.length} characters.`,
  );
}

function privateKeyOf(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' });
}

/**
 * The public key that belongs to a secret one.
 * @throws InvalidKeyError where that is no key
 */
export function publicKeyOf(secretKey: string): string {
  const der = createPublicKey(privateKeyOf(bytesOf(secretKey, 'The secret key'))).export({
    format: 'der',
    type: 'spki',
  });
  return encodeZ85(der.subarray(SPKI.length));
}

/**
 * The pair that a secret key belongs to.
 * @param publicKey - what its other half should be, where that is known
 * @throws InvalidKeyError where a key is none, or they do not belong together
 */
export function keyPairOf(secretKey: string, publicKey?: string): KeyPair {
  const own = publicKeyOf(secretKey);
  if (publicKey !== undefined && publicKey !== own) {
    bytesOf(publicKey, 'The public key');
    throw new InvalidKeyError(
      'The public key does not belong to the secret key: they are of two pairs, or have been mixed up.',
    );
  }
  return { publicKey: own, secretKey };
}

/**
 * The keys of a client or worker; without a secret key of its own, a new one.
 * @throws InvalidKeyError where a key is none, they do not belong together, or its own stands for the broker's
 */
export function clientKeysOf(options: {
  readonly serverKey: string;
  readonly secretKey?: string | undefined;
  readonly publicKey?: string | undefined;
}): ClientKeys {
  const { serverKey, secretKey, publicKey } = options;
  bytesOf(serverKey, 'The server key');
  if (secretKey === undefined && publicKey !== undefined) {
    throw new InvalidKeyError('A public key without its secret key proves nothing: give the secret key.');
  }
  const pair = secretKey === undefined ? generateKeyPair() : keyPairOf(secretKey, publicKey);
  if (serverKey === pair.publicKey || serverKey === pair.secretKey) {
    throw new InvalidKeyError('The server key is the public key of the broker, not a key of this peer.');
  }
  return { ...pair, serverKey };
}

/**
 * What the holders of two keys share, and nobody else (X25519, RFC 7748).
 * @returns 32 bytes; `undefined` where the public key is one of the few that share nothing with anybody
 */
export function sharedSecret(secretKey: string, publicKey: Uint8Array): Uint8Array | undefined {
  const theirs = createPublicKey({
    key: Buffer.concat([SPKI, publicKey]),
    format: 'der',
    type: 'spki',
  });
  try {
    return diffieHellman({
      privateKey: privateKeyOf(bytesOf(secretKey, 'The secret key')),
      publicKey: theirs,
    });
  } catch {
    return undefined;
  }
}
