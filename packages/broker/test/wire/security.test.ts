import { connect, type Socket } from 'node:net';
import { MMI_SERVICES, mmiAccessSchema } from '@majordomo/protocol';
import {
  challengeIn,
  closeAllSockets,
  curveClient,
  eventually,
  leakCheck,
  RawClient01,
  RawClient02,
  RawPackedClient,
  RawPackedWorker,
  rawProof,
  RawWorker01,
  TcpRelay,
} from '@majordomo/testkit';
import {
  ADMIN,
  ALICE,
  as,
  BOB,
  CAN_PROVE,
  MALLORY,
  PAUL,
  POLICY,
  provenClient,
  provenWorker,
  SERVER,
  serveSecurely,
  without,
} from './secured';
import type { PolicyInput } from '../../src/index';
import { closeBrokers, serve, type Served } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const counters = ({ broker }: Served) => broker.describe().counters;
const counted = (served: Served, name: string, count: number): Promise<unknown> =>
  eventually(() => counters(served)[name] === count, { what: `${count} ${name}` });

/** Alice and Bob, who are served whatever others do. */
async function bystanders(served: Served): Promise<() => Promise<void>> {
  const worker = await provenWorker(served.endpoint, BOB, 'echo');
  await served.workers(1);
  const client = await provenClient(served.endpoint, ALICE);
  let asked = 0;
  return async () => {
    const reply = client.ask('echo', String(asked));
    await worker.final((await worker.nextRequest()).id, `answer ${asked}`);
    expect(String(await reply)).toBe(`answer ${asked++}`);
    expect([...client.violations, ...worker.violations]).toEqual([]);
  };
}

describe('who may connect', () => {
  test('wrong server key: no connection, and nothing was asked', async () => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const fooled = new RawPackedClient(served.endpoint, { configure: curveClient(ALICE, MALLORY.publicKey) });
    await fooled.hello();
    await fooled.expectSilence(200);
    await still();
    expect(counters(served)).toMatchObject({ clientsWelcomed: 1, connectionsRefused: 0 });
  });

  test('unknown key: refused at the handshake, counted and told, without the key', async () => {
    const served = await serveSecurely();
    const stranger = new RawPackedClient(served.endpoint, as(MALLORY));
    await stranger.hello();
    const refused = await served.next('connectionRefused');
    expect(refused).toEqual({
      type: 'connectionRefused',
      address: '127.0.0.1',
      mechanism: 'CURVE',
      role: undefined,
      key: undefined,
      reason: 'the policy does not have this key',
    });
    expect(JSON.stringify(served.events)).not.toContain(MALLORY.publicKey);
    expect(counters(served)).toMatchObject({ connectionsRefused: 1, clientsWelcomed: 0 });
  });

  test('plain peer on a CURVE port: no connection, and the others are served on', async () => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const plain = new RawClient02(served.endpoint);
    await plain.request('echo', 'hello');
    await plain.socket.expectSilence(200);
    await still();
    expect(counters(served)).toMatchObject({ requests: 1 });
  });

  test('key valid on one endpoint used on another: refused there, and served here', async () => {
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', role: 'partners' }],
    });
    const [open, partners] = served.broker.endpoints as [string, string];
    const alice = new RawPackedClient(partners, as(ALICE));
    await alice.hello();
    expect(await served.next('connectionRefused')).toMatchObject({
      key: 'alice',
      role: 'partners',
      reason: 'the key alice does not have the role partners of this endpoint',
    });
    expect((await provenClient(open, ALICE)).violations).toEqual([]);
    await served.next('keyProven');
    await provenClient(partners, PAUL);
    expect(await served.next('keyProven')).toMatchObject({ key: 'paul' });
  });

  test('without CURVE, and with nothing to do for whoever has no key, nobody comes in', async () => {
    const served = await serveSecurely({ bind: { endpoint: 'tcp://127.0.0.1:0', curve: false } });
    await new RawClient02(served.endpoint).request('public.x', 'hello');
    expect(await served.next('connectionRefused')).toMatchObject({ mechanism: 'NULL' });
  });
});

describe('who is who', () => {
  test('a proven key has its roles, on the endpoint of a role that one alone', async () => {
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', role: 'partners' }],
    });
    const [open, partners] = served.broker.endpoints as [string, string];
    const worker = await provenWorker(open, BOB, 'echo');
    await served.workers(1);
    const here = await provenClient(open, PAUL);
    const there = await provenClient(partners, PAUL);
    const reply = here.ask('echo', 'hi');
    await worker.final((await worker.nextRequest()).id, 'ho');
    expect(String(await reply)).toBe('ho');
    await expect(there.ask('echo', 'hi')).rejects.toThrow(
      'FAILURE UNAUTHORIZED: the key paul may not request echo',
    );
  });

  test('peers of several endpoints meet', async () => {
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', role: 'partners' }],
    });
    const [open, partners] = served.broker.endpoints as [string, string];
    const worker = await provenWorker(partners, PAUL, 'public.partner');
    await served.workers(1);
    const client = await provenClient(open, ALICE);
    const reply = client.ask('public.partner', 'hi');
    await worker.final((await worker.nextRequest()).id, 'ho');
    expect(String(await reply)).toBe('ho');
    expect([...worker.violations, ...client.violations]).toEqual([]);
  });

  test('who proves nothing has the role of the endpoint', async () => {
    const served = await serveSecurely({ bind: { endpoint: 'tcp://127.0.0.1:0', role: 'partners' } });
    const worker = new RawWorker01(served.endpoint, { configure: curveClient(PAUL, SERVER.publicKey) });
    await worker.ready('public.partner');
    await served.workers(1);
    const client = new RawClient02(served.endpoint, { configure: curveClient(PAUL, SERVER.publicKey) });
    const reply = client.ask('public.partner', 'hi');
    const { address } = await worker.nextRequest();
    await worker.reply(address, 'ho');
    expect(String(await reply)).toBe('ho');
  });

  test('who proves nothing has the anonymous role elsewhere, with or without CURVE', async () => {
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', curve: false }],
      policy: { ...POLICY, anonymous: 'guest' },
    });
    const [encrypted, open] = served.broker.endpoints as [string, string];
    const worker = await provenWorker(encrypted, BOB, 'public.x');
    await served.workers(1);
    for (const client of [new RawPackedClient(open), new RawPackedClient(encrypted, as(ADMIN))]) {
      await client.connect();
      const reply = client.ask('public.x', 'hi');
      await worker.final((await worker.nextRequest()).id, 'ho');
      expect(String(await reply)).toBe('ho');
      await expect(client.ask('echo', 'hi')).rejects.toThrow(
        'FAILURE UNAUTHORIZED: whoever has proven no key may not request echo',
      );
    }
  });

  test('without CURVE nobody is asked for a proof, for anybody between could have it', async () => {
    const served = await serveSecurely({
      bind: { endpoint: 'tcp://127.0.0.1:0', curve: false },
      policy: { ...POLICY, anonymous: 'guest' },
    });
    const client = new RawPackedClient(served.endpoint);
    const welcome = await client.connect({ capabilities: CAN_PROVE });
    expect([welcome.capabilities, welcome.metadata.length]).toEqual([0, 0]);
  });
});

describe('denials', () => {
  test('packed clients get UNAUTHORIZED and the reason, and are logged by the name of their key', async () => {
    const served = await serveSecurely();
    const client = await provenClient(served.endpoint, ALICE);
    await expect(client.ask('secret', 'x')).rejects.toThrow(
      'UNAUTHORIZED: the key alice may not request secret',
    );
    expect(await served.next('denied')).toMatchObject({
      key: 'alice',
      what: 'request',
      service: 'secret',
      code: 'UNAUTHORIZED',
    });
    await expect(client.ask('mmi.workers', '')).rejects.toThrow('UNAUTHORIZED');
    expect(String(await client.ask('mmi.service', 'echo'))).toBe('404');
    expect(counters(served)).toMatchObject({ unauthorized: 1, unauthorizedManagement: 1, requests: 1 });
    const admin = await provenClient(served.endpoint, ADMIN);
    expect(String((await admin.ask('mmi.workers', ''))[0])).toBe('200');
    expect(JSON.stringify(served.events)).not.toContain(ALICE.publicKey);
  });

  test('packed workers get DISCONNECT and the reason', async () => {
    const served = await serveSecurely();
    const worker = await provenWorker(served.endpoint, ALICE, 'echo');
    expect(await worker.expectDisconnect()).toEqual({
      code: 'UNAUTHORIZED',
      message: 'the key alice may not serve echo',
    });
    expect(counters(served)).toMatchObject({ unauthorizedWorkers: 1, workersRegistered: 0 });
  });

  test('plain workers get DISCONNECT, plain clients nothing', async () => {
    const served = await serveSecurely({ bind: { endpoint: 'tcp://127.0.0.1:0', role: 'partners' } });
    const curve = { configure: curveClient(PAUL, SERVER.publicKey) };
    const worker = new RawWorker01(served.endpoint, curve);
    await worker.ready('echo');
    await worker.expectDisconnect();
    const client = new RawClient01(served.endpoint, curve);
    await client.request('echo', 'x');
    await counted(served, 'unauthorized', 1);
    await client.socket.expectSilence(50);
    expect(counters(served)).toMatchObject({ unauthorizedWorkers: 1, workersRegistered: 0 });
  });

  test('a session that could do nothing is not begun', async () => {
    const served = await serveSecurely();
    const client = new RawPackedClient(served.endpoint, as(ALICE));
    await client.hello();
    expect(await client.expectDisconnect()).toEqual({
      code: 'UNAUTHORIZED',
      message: 'whoever has proven no key may do nothing here',
    });
    expect(counters(served)).toMatchObject({ unauthorizedClients: 1, clientsWelcomed: 0 });
  });
});

describe('proofs', () => {
  test('nothing is acted upon before the proof: a request ends the session', async () => {
    const served = await serveSecurely();
    const client = new RawPackedClient(served.endpoint, as(ALICE));
    await client.connect({ capabilities: CAN_PROVE });
    await client.request('echo', ['x']);
    await client.expectDisconnect();
    expect(counters(served)).toMatchObject({ requests: 0, protocolErrors: 1 });
  });

  test('a worker is registered after its proof and not before', async () => {
    const served = await serveSecurely();
    const worker = new RawPackedWorker(served.endpoint, as(BOB));
    const welcome = await worker.connect('echo', { capabilities: CAN_PROVE });
    expect(counters(served)).toMatchObject({ workersRegistered: 0 });
    const proof = rawProof('worker', BOB, SERVER.publicKey, challengeIn(welcome));
    await worker.send(proof);
    await served.workers(1);
    await worker.send(proof);
    await worker.expectDisconnect();
    await served.workers(0);
  });

  test.each<[string, (nonce: { nonce: Buffer; routingId: Buffer }) => ReturnType<typeof rawProof>]>([
    [
      'of another key’s holder',
      (told) => ({
        ...rawProof('client', MALLORY, SERVER.publicKey, told),
        publicKey: rawProof('client', ALICE, SERVER.publicKey, told).publicKey,
      }),
    ],
    ['of the other half', (told) => rawProof('worker', ALICE, SERVER.publicKey, told)],
    [
      'for another routing id',
      ({ nonce }) => rawProof('client', ALICE, SERVER.publicKey, { nonce, routingId: Buffer.from('other') }),
    ],
    [
      'for another nonce',
      ({ routingId }) => rawProof('client', ALICE, SERVER.publicKey, { nonce: Buffer.alloc(32), routingId }),
    ],
    ['for another broker', (told) => rawProof('client', ALICE, BOB.publicKey, told)],
    ['of nothing at all', () => ({ kind: 'proof', publicKey: Buffer.alloc(32), mac: Buffer.alloc(32) })],
  ])('forged proof %s: the session ends, and its connection is not heard again', async (_what, forge) => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const client = new RawPackedClient(served.endpoint, as(ALICE));
    const welcome = await client.connect({ capabilities: CAN_PROVE });
    await client.send(forge(challengeIn(welcome)));
    expect(await client.expectDisconnect()).toEqual({
      code: 'UNAUTHORIZED',
      message: 'the proof of the key is wrong',
    });
    expect(await served.next('denied')).toMatchObject({ what: 'proof', key: undefined });
    await client.hello();
    await client.expectSilence(50);
    await still();
    expect(counters(served)).toMatchObject({ proofsRefused: 1, clientsWelcomed: 2 });
  });

  test('replayed proof: what was right in one session is wrong in the next', async () => {
    const served = await serveSecurely();
    const first = new RawPackedClient(served.endpoint, as(ALICE, { routingId: 'alice' }));
    const proof = rawProof(
      'client',
      ALICE,
      SERVER.publicKey,
      challengeIn(await first.connect({ capabilities: CAN_PROVE })),
    );
    await first.send(proof);
    await served.next('keyProven');
    await first.close();
    await served.next('clientGone');
    // Whoever holds any key of the policy, and the same routing id.
    const second = new RawPackedClient(served.endpoint, as(BOB, { routingId: 'alice' }));
    await second.connect({ capabilities: CAN_PROVE });
    await second.send(proof);
    expect((await second.expectDisconnect())?.code).toBe('UNAUTHORIZED');
    expect(counters(served)).toMatchObject({ proofsRefused: 1 });
  });

  test('a key proves for one endpoint what the policy gives it there, whatever key came through ZAP', async () => {
    const served = await serveSecurely({ bind: { endpoint: 'tcp://127.0.0.1:0', role: 'partners' } });
    const client = new RawPackedClient(served.endpoint, as(PAUL));
    const welcome = await client.connect({ capabilities: CAN_PROVE });
    await client.send(rawProof('client', ADMIN, SERVER.publicKey, challengeIn(welcome)));
    expect(await client.expectDisconnect()).toEqual({
      code: 'UNAUTHORIZED',
      message: 'the key admin does not have the role partners of this endpoint',
    });
  });
});

describe('stolen routing id', () => {
  test('while its owner is there, the thief is not heard and the owner is', async () => {
    const served = await serveSecurely();
    const owner = await provenClient(served.endpoint, ALICE, { routingId: 'alice' });
    await served.next('keyProven');
    const thief = new RawPackedClient(served.endpoint, as(PAUL, { routingId: 'alice' }));
    await thief.request('echo', ['stolen']);
    await thief.expectSilence(200);
    expect(String(await owner.ask('mmi.service', 'echo'))).toBe('404');
    expect(counters(served)).toMatchObject({ requests: 0, protocolErrors: 0 });
  });

  test('once its owner’s connection is cut, the thief has neither its session nor its rights', async () => {
    const served = await serveSecurely();
    const relay = await TcpRelay.to(served.endpoint);
    await provenClient(relay.endpoint, ALICE, { routingId: 'alice' });
    await served.next('keyProven');
    relay.refuse();
    relay.cut();
    await served.next('clientGone');
    const thief = new RawPackedClient(served.endpoint, as(PAUL, { routingId: 'alice' }));
    await thief.request('echo', ['stolen']);
    await thief.expectDisconnect();
    expect(counters(served)).toMatchObject({ requests: 0, protocolErrors: 1 });
    await relay.close();
  });

  test.each(['packed', 'plain'] as const)(
    'a %s worker’s requests never reach the thief of its routing id',
    async (kind) => {
      const served = await serveSecurely({
        bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', role: 'server' }],
      });
      const [open, servers] = served.broker.endpoints as [string, string];
      const relay = await TcpRelay.to(kind === 'packed' ? open : servers);
      const curve = { routingId: 'bob', configure: curveClient(BOB, SERVER.publicKey) };
      if (kind === 'packed') await provenWorker(relay.endpoint, BOB, 'echo', { routingId: 'bob' });
      else {
        const plain = new RawWorker01(relay.endpoint, curve);
        await plain.ready('echo');
      }
      await served.workers(1);
      relay.refuse();
      relay.cut();
      // Noticed by the connection, long before any heartbeat is missed, and not put to whoever has the id next.
      await served.workers(0);
      const thief = kind === 'packed' ? new RawPackedWorker(open, curve) : new RawWorker01(servers, curve);
      await thief.heartbeat();
      const client = await provenClient(open, ALICE);
      await client.request('echo', ['for bob alone']);
      await counted(served, 'requests', 1);
      await thief.expectDisconnect();
      expect(counters(served)).toMatchObject({ dispatched: 0 });
      await relay.close();
    },
  );
});

describe('a new policy', () => {
  test('cuts off the sessions of a removed key, and nobody else’s', async () => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const paul = await provenClient(served.endpoint, PAUL);
    await served.next('keyProven');
    await counted(served, 'clientsWelcomed', 2);
    await eventually(() => served.events.filter(({ type }) => type === 'keyProven').length === 3);
    served.broker.setPolicy(without(PAUL));
    expect(await paul.expectDisconnect()).toEqual({
      code: 'UNAUTHORIZED',
      message: 'the key paul may do nothing any more',
    });
    // Over the connection that it still has, it is not heard any more, as whatever it comes.
    await paul.hello({ capabilities: CAN_PROVE });
    await paul.expectSilence(50);
    await still();
    const again = new RawPackedClient(served.endpoint, as(PAUL));
    await again.hello();
    expect(await served.next('connectionRefused')).toMatchObject({
      reason: 'the policy does not have this key',
    });
    expect(counters(served)).toMatchObject({ unauthorizedClients: 1 });
  });

  test('closes the connections of an endpoint where plain peers came in by a removed key, and of no other', async () => {
    const policy = (...gone: (typeof PAUL)[]): PolicyInput => {
      const { keys, ...others } = without(...gone);
      return {
        ...others,
        keys: { ...keys, [ALICE.publicKey]: { name: 'alice', roles: ['user', 'partners'] } },
      };
    };
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', role: 'partners' }],
      policy: policy(),
    });
    const [open, partners] = served.broker.endpoints as [string, string];
    const plain = (keys: typeof PAUL) => ({ configure: curveClient(keys, SERVER.publicKey) });
    const elsewhere = await provenClient(open, PAUL);
    await served.next('keyProven');
    const admin = await provenClient(open, ADMIN);
    await served.next('keyProven');
    const worker = new RawWorker01(partners, plain(ALICE));
    const serves = async (client: RawClient02, text: string) => {
      const reply = client.ask('public.partner', text);
      const { address } = await worker.nextRequest();
      await worker.reply(address, text);
      return String(await reply);
    };
    await worker.ready('public.partner');
    await served.workers(1);
    const paul = new RawClient02(partners, plain(PAUL));
    expect(await serves(paul, 'before')).toBe('before');

    served.broker.setPolicy(policy());
    served.broker.setPolicy(policy(BOB));
    expect(await serves(paul, 'nothing happened')).toBe('nothing happened');

    served.broker.setPolicy(policy(PAUL));
    expect(await elsewhere.expectDisconnect()).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await served.next('workerLost')).toMatchObject({ reason: 'connection_closed' });
    expect(await served.next('connectionRefused')).toMatchObject({ role: 'partners' });
    paul.request('public.partner', 'after').catch(() => undefined);
    // Its connection came back by itself; that it is no worker any more it learns by its next heartbeat.
    await worker.heartbeat();
    await worker.expectDisconnect();
    await worker.ready('public.partner');
    await served.workers(1);
    expect(await serves(new RawClient02(partners, plain(ALICE)), 'on')).toBe('on');
    expect(String((await admin.ask('mmi.broker', ''))[0])).toBe('200');
    expect(counters(served)).toMatchObject({ requests: 3, answered: 3 });
    expect(served.broker.endpoints).toEqual([open, partners]);
  });

  test('fails what a worker has and is not allowed any more, and tells the worker', async () => {
    const served = await serveSecurely();
    const worker = await provenWorker(served.endpoint, BOB, 'echo');
    await served.workers(1);
    const client = await provenClient(served.endpoint, ALICE);
    const id = await client.request('echo', ['x']);
    const given = await worker.nextRequest();
    const { user, ...roles } = POLICY.roles;
    served.broker.setPolicy({ ...POLICY, roles: { ...roles, user: { ...user, request: [] } } });
    expect(await client.nextReply(id)).toMatchObject({ kind: 'failure', code: 'UNAUTHORIZED' });
    expect(await worker.nextCancel()).toBe(given.id);
    await worker.final(given.id, 'too late');
    await counted(served, 'repliesDropped', 1);
    expect([...worker.violations, ...client.violations]).toEqual([]);
  });

  test('sends workers away that may not serve any more, and fails what is queued and not allowed', async () => {
    const served = await serveSecurely();
    const worker = await provenWorker(served.endpoint, BOB, 'echo');
    await served.workers(1);
    const client = await provenClient(served.endpoint, ALICE);
    const id = await client.request('public.x', ['waits']);
    await counted(served, 'requests', 1);
    const { user, ...roles } = POLICY.roles;
    served.broker.setPolicy({
      ...POLICY,
      roles: { ...roles, user: { ...user, request: ['echo'] }, server: { serve: ['other'] } },
    });
    expect(await worker.expectDisconnect()).toEqual({
      code: 'UNAUTHORIZED',
      message: 'the key bob may not serve echo any more',
    });
    expect(await client.nextReply(id)).toMatchObject({ kind: 'failure', code: 'UNAUTHORIZED' });
    expect(await served.next('workerLost')).toMatchObject({ reason: 'unauthorized' });
  });

  test('that does not fit is refused, and the one before holds on', async () => {
    const served = await serveSecurely({ bind: { endpoint: 'tcp://127.0.0.1:0', role: 'user' } });
    const client = await provenClient(served.endpoint, ALICE);
    const { server, partners, admin, guest } = POLICY.roles;
    const roles = { server, partners, admin, guest };
    expect(() => served.broker.setPolicy({ ...POLICY, roles })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining('no role user') }),
    );
    expect(() => served.broker.setPolicy({ roles, keys: {} })).toThrow(/endpoint has the role user/);
    expect(() => served.broker.setPolicy({ ...POLICY, key: {} } as never)).toThrow(/key/);
    expect(String(await client.ask('mmi.service', 'echo'))).toBe('404');
  });

  test('gives rights to keys that lacked them', async () => {
    const served = await serveSecurely();
    const client = await provenClient(served.endpoint, ALICE);
    await expect(client.ask('mmi.broker', '')).rejects.toThrow('UNAUTHORIZED');
    served.broker.setPolicy({ ...POLICY, keys: { [ALICE.publicKey]: { name: 'alice', roles: ['admin'] } } });
    expect(String((await client.ask('mmi.broker', ''))[0])).toBe('200');
  });
});

describe('mmi.access', () => {
  const told = async (client: { ask(service: string, body: string): Promise<Buffer[]> }, service: string) => {
    const [status, json] = await client.ask('mmi.access', service);
    expect(String(status)).toBe('200');
    return mmiAccessSchema.parse(JSON.parse(String(json)));
  };

  test('tells who has proven a key its name, its roles and what it may do, and nothing of anybody else', async () => {
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', role: 'partners' }],
    });
    const [open, partners] = served.broker.endpoints as [string, string];
    expect(await told(await provenClient(open, ALICE), 'echo')).toEqual({
      policy: true,
      key: 'alice',
      roles: ['user'],
      mmi: ['mmi.service', 'mmi.access'],
      request: true,
      serve: false,
    });
    expect(await told(await provenClient(open, ALICE), 'mmi.broker')).toMatchObject({ request: false });
    expect(await told(await provenClient(open, PAUL), '')).toEqual({
      policy: true,
      key: 'paul',
      roles: ['partners', 'user'],
      mmi: ['mmi.service', 'mmi.access'],
    });
    expect(await told(await provenClient(partners, PAUL), 'public.partner')).toEqual({
      policy: true,
      key: 'paul',
      roles: ['partners'],
      mmi: ['mmi.access'],
      request: true,
      serve: true,
    });
    expect((await told(await provenClient(open, ADMIN), '')).mmi).toEqual([...MMI_SERVICES]);
  });

  test('tells nothing to who may do nothing, and of a policy that there is none', async () => {
    const served = await serveSecurely();
    const plain = new RawClient02(served.endpoint, { configure: curveClient(ALICE, SERVER.publicKey) });
    await plain.request('mmi.access', 'echo');
    await counted(served, 'unauthorizedManagement', 1);
    const open = await serve();
    const client = new RawPackedClient(open.endpoint);
    await client.connect();
    expect(await told(client, 'echo')).toEqual({
      policy: false,
      key: null,
      roles: [],
      mmi: [...MMI_SERVICES],
      request: true,
      serve: true,
    });
  });
});

describe('limits', () => {
  const limited = (limits: object) => {
    const { user, ...roles } = POLICY.roles;
    return { ...POLICY, roles: { ...roles, user: { ...user, limits } }, anonymous: 'user' };
  };

  test('pending: of a key over all of its sessions', async () => {
    const served = await serveSecurely({ policy: limited({ pending: 2 }) });
    const first = await provenClient(served.endpoint, ALICE);
    const second = await provenClient(served.endpoint, ALICE);
    const id = await first.request('echo', ['1']);
    await counted(served, 'requests', 1);
    await second.request('echo', ['2']);
    await counted(served, 'requests', 2);
    const refused = await first.request('echo', ['3']);
    expect(await first.nextReply(refused)).toMatchObject({
      code: 'QUEUE_FULL',
      retryable: true,
      message: 'the key alice is beyond its limit (pending 2)',
    });
    await first.cancel(id);
    await counted(served, 'cancelled', 1);
    await second.request('echo', ['4']);
    await counted(served, 'requests', 4);
    await second.expectSilence(30);
    expect(counters(served)).toMatchObject({ limited: 1 });
  });

  test('requests in a second: packed clients are told, plain ones dropped, each counted', async () => {
    const served = await serveSecurely({
      bind: ['tcp://127.0.0.1:0', { endpoint: 'tcp://127.0.0.1:0', curve: false }],
      policy: limited({ requestsPerSecond: 3 }),
    });
    const [open, plainly] = served.broker.endpoints as [string, string];
    const client = await provenClient(open, ALICE);
    const requests = [1, 2, 3, 4].map((id) => client.asRequest('echo', ['x'], { id }));
    await client.send(...requests);
    expect(await client.nextReply(4)).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    const plain = new RawClient02(plainly);
    for (let n = 0; n < 5; n++) await plain.request('echo', 'x');
    await counted(served, 'requests', 9);
    expect(counters(served)['limited']).toBeGreaterThanOrEqual(2);
    await plain.socket.expectSilence(30);
  });

  test('bytes in a second', async () => {
    const served = await serveSecurely({ policy: limited({ bytesPerSecond: 1_000 }) });
    const client = await provenClient(served.endpoint, ALICE);
    const body = [Buffer.alloc(5_000)];
    await client.send(client.asRequest('echo', body, { id: 1 }), client.asRequest('echo', body, { id: 2 }));
    expect(await client.nextReply()).toMatchObject({ id: 2, code: 'RATE_LIMITED' });
  });
});

describe('floods', () => {
  const port = (endpoint: string): number => Number(new URL(endpoint.replace('tcp:', 'http:')).port);

  test('flood before the handshake: garbage and silence on many connections leave the others served', async () => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const sockets: Socket[] = [];
    for (let n = 0; n < 200; n++) {
      const socket = connect(port(served.endpoint), '127.0.0.1');
      socket.on('error', () => undefined);
      if (n % 2 === 0) socket.write(Buffer.alloc(500, n));
      // A greeting of ZMTP 3.1 with CURVE, and a HELLO that nobody can open.
      if (n % 4 === 1) {
        const greeting = Buffer.alloc(64);
        Buffer.from('ff00000000000000017f0301', 'hex').copy(greeting);
        greeting.write('CURVE', 12);
        socket.write(
          Buffer.concat([
            greeting,
            Buffer.from('04c8', 'hex'),
            Buffer.from('\x05HELLO'),
            Buffer.alloc(194, n),
          ]),
        );
      }
      sockets.push(socket);
    }
    for (let n = 0; n < 20; n++) await still();
    for (const socket of sockets) socket.destroy();
    await still();
    expect(counters(served)).toMatchObject({ clientsWelcomed: 1, connectionsRefused: 0 });
  });

  test('flood after the handshake: what is denied costs a failure each, and the others are served', async () => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const flooder = await provenClient(served.endpoint, PAUL);
    for (let batch = 0; batch < 20; batch++) {
      const requests = Array.from({ length: 100 }, (_, n) =>
        flooder.asRequest('secret', ['x'], { id: batch * 100 + n + 1 }),
      );
      await flooder.send(...requests);
      await still();
    }
    await counted(served, 'unauthorized', 2_000);
    const hellos = new RawPackedClient(served.endpoint, as(PAUL));
    for (let n = 0; n < 200; n++) await hellos.hello();
    await counted(served, 'unauthorizedClients', 200);
    await still();
  });

  test('flood of wrong proofs: one for each connection', async () => {
    const served = await serveSecurely();
    const still = await bystanders(served);
    const liars = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const liar = new RawPackedClient(served.endpoint, as(PAUL));
        await liar.connect({ capabilities: CAN_PROVE });
        return liar;
      }),
    );
    for (const liar of liars) {
      for (let n = 0; n < 20; n++) {
        await liar.send({ kind: 'proof', publicKey: Buffer.alloc(32, 9), mac: Buffer.alloc(32) });
      }
    }
    await counted(served, 'proofsRefused', 20);
    await still();
  });

  test('sessions that never prove anything are given up', async () => {
    const served = await serveSecurely({ heartbeatMs: 20, liveness: 3, clientsMax: 1, workersMax: 1 });
    const client = new RawPackedClient(served.endpoint, as(ALICE));
    await client.connect({ capabilities: CAN_PROVE });
    const worker = new RawPackedWorker(served.endpoint, as(BOB));
    await worker.connect('echo', { capabilities: CAN_PROVE });
    client.heartbeatEvery(10);
    worker.heartbeatEvery(10);
    await client.expectDisconnect();
    await worker.expectDisconnect();
    expect(served.broker.describe()).toMatchObject({ clients: 0, workers: 0 });
  });
});

test('a peer that can prove nothing of itself is not asked to by a broker without a policy', async () => {
  const served = await serveSecurely({ policy: undefined as never });
  const client = new RawPackedClient(served.endpoint, as(MALLORY));
  const welcome = await client.connect({ capabilities: CAN_PROVE });
  expect(welcome.capabilities).toBe(0);
});
