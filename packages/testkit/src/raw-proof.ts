import { createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';
import * as zmq from 'zeromq';
import type { PackedCommand, PackedWelcome } from './packed-commands';

/** A CURVE key pair as Z85 text. */
export interface RawKeyPair {
  publicKey: string;
  secretKey: string;
}

export function rawKeyPair(): RawKeyPair {
  return zmq.curveKeyPair();
}

/** Sets the keys of a CURVE client on a raw socket: for `configure`. */
export function curveClient(keys: RawKeyPair, serverKey: string) {
  return (socket: zmq.Dealer | zmq.Request | zmq.Router): void => {
    socket.curvePublicKey = keys.publicKey;
    socket.curveSecretKey = keys.secretKey;
    socket.curveServerKey = serverKey;
  };
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** The bytes behind a key as text. */
export function rawKey(text: string): Buffer {
  const bytes = Buffer.alloc(32);
  for (let group = 0; group < 8; group++) {
    let value = 0;
    for (let at = 0; at < 5; at++) value = value * 85 + ALPHABET.indexOf(text.charAt(5 * group + at));
    bytes.writeUInt32BE(value, 4 * group);
  }
  return bytes;
}

/** What a WELCOME asks for a proof with; throws where it asks for none. */
export function challengeIn({ capabilities, metadata }: PackedWelcome): { nonce: Buffer; routingId: Buffer } {
  if ((capabilities & 1) === 0) throw new Error('the WELCOME asks for no proof');
  for (let at = 0; at < metadata.length; at += 3 + metadata.readUInt16BE(at + 1)) {
    if (metadata[at] !== 0x11) continue;
    const value = metadata.subarray(at + 3, at + 3 + metadata.readUInt16BE(at + 1));
    return { nonce: value.subarray(0, 32), routingId: value.subarray(32) };
  }
  throw new Error('the WELCOME has no challenge');
}

/** PROOF, written from docs/PROTOCOL.md, "Proof of a key", and not on our code. */
export function rawProof(
  half: 'client' | 'worker',
  keys: RawKeyPair,
  serverKey: string,
  { nonce, routingId }: { nonce: Buffer; routingId: Buffer },
): Extract<PackedCommand, { kind: 'proof' }> {
  const [own, broker] = [rawKey(keys.publicKey), rawKey(serverKey)];
  const base64 = (bytes: Buffer): string => bytes.toString('base64url');
  const jwk = { kty: 'OKP', crv: 'X25519' };
  const privateKey = createPrivateKey({
    key: { ...jwk, x: base64(own), d: base64(rawKey(keys.secretKey)) },
    format: 'jwk',
  });
  const publicKey = createPublicKey({ key: { ...jwk, x: base64(broker) }, format: 'jwk' });
  const label = 'MDP/P1 PROOF 1';
  const key = hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), nonce, label, 32);
  const said = Buffer.concat([
    Buffer.from(label + (half === 'client' ? 'C' : 'W')),
    nonce,
    broker,
    own,
    routingId,
  ]);
  return {
    kind: 'proof',
    publicKey: own,
    mac: createHmac('sha256', Buffer.from(key)).update(said).digest(),
  };
}
