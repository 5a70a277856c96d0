import {
  challengeIn,
  curveClient,
  RawPackedClient,
  RawPackedWorker,
  rawKeyPair,
  rawProof,
  type RawKeyPair,
  type RawPackedPeerOptions,
} from '@majordomo/testkit';
import type { BrokerOptions, PolicyInput } from '../../src/index';
import { serve, type Served } from './served';

/** Keys that the tests share: making them costs, and nothing hangs on them but who has them. */
export const SERVER = rawKeyPair();
export const ALICE = rawKeyPair();
export const BOB = rawKeyPair();
export const PAUL = rawKeyPair();
export const ADMIN = rawKeyPair();
/** In no policy. */
export const MALLORY = rawKeyPair();

/** The capability of whoever can prove a key. */
export const CAN_PROVE = 1;

/** Alice asks, Bob serves, Paul is a partner, the administrator may ask everything. */
export const POLICY = {
  roles: {
    user: { request: ['echo', 'public.*'], mmi: ['mmi.service'] },
    server: { serve: ['echo', 'public.*'] },
    partners: { request: ['public.*'], serve: ['public.partner'] },
    admin: { request: ['*'], administer: true },
    guest: { request: ['public.*'] },
  },
  keys: {
    [ALICE.publicKey]: { name: 'alice', roles: ['user'] },
    [BOB.publicKey]: { name: 'bob', roles: ['server'] },
    [PAUL.publicKey]: { name: 'paul', roles: ['partners', 'user'] },
    [ADMIN.publicKey]: { name: 'admin', roles: ['admin'] },
  },
  anonymous: null as string | null,
} satisfies PolicyInput;

/** The same policy without some keys. */
export function without(...gone: readonly RawKeyPair[]): PolicyInput {
  const names = gone.map(({ publicKey }) => publicKey);
  const keys = Object.fromEntries(Object.entries(POLICY.keys).filter(([key]) => !names.includes(key)));
  return { ...POLICY, keys };
}

/** A broker with keys and a policy. */
export function serveSecurely(options: BrokerOptions = {}): Promise<Served> {
  return serve({ curve: { secretKey: SERVER.secretKey }, policy: POLICY, ...options });
}

/** What a raw peer needs to come in with a key. */
export const as = (keys: RawKeyPair, options: RawPackedPeerOptions = {}): RawPackedPeerOptions => ({
  ...options,
  configure: curveClient(keys, SERVER.publicKey),
});

/** A raw client that has proven its key. */
export async function provenClient(
  endpoint: string,
  keys: RawKeyPair,
  options: RawPackedPeerOptions = {},
): Promise<RawPackedClient> {
  const client = new RawPackedClient(endpoint, as(keys, options));
  const welcome = await client.connect({ capabilities: CAN_PROVE });
  await client.send(rawProof('client', keys, SERVER.publicKey, challengeIn(welcome)));
  return client;
}

/** A raw worker that has proven its key. */
export async function provenWorker(
  endpoint: string,
  keys: RawKeyPair,
  service: string,
  options: RawPackedPeerOptions = {},
): Promise<RawPackedWorker> {
  const worker = new RawPackedWorker(endpoint, as(keys, options));
  const welcome = await worker.connect(service, { capabilities: CAN_PROVE, credit: 10 });
  await worker.send(rawProof('worker', keys, SERVER.publicKey, challengeIn(welcome)));
  return worker;
}
