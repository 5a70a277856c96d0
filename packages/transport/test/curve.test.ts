import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo, type Server } from 'node:net';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeText,
  decodeZ85,
  encodeText,
  encodeZ85,
  Metadata,
  packedClient,
  packedWorker,
  type Frame,
} from '@majordomo/protocol';
import { eventually } from '@majordomo/testkit';
import { Dealer, Request } from 'zeromq';
import { sharedContext } from '../src/context';
import {
  checkConnection,
  clientKeysOf,
  DealerLink,
  generateKeyPair,
  isProven,
  keyPairOf,
  makeProof,
  publicKeyOf,
  readKeyFile,
  RouterLink,
  writeKeyFiles,
  type ClientKeys,
  type ZapGate,
  type ZapRequest,
} from '../src/index';

const server = generateKeyPair();
const peer = generateKeyPair();
const keys: ClientKeys = { ...peer, serverKey: server.publicKey };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A router that writes down what it is asked and what comes. */
async function guarded(
  gate: Partial<ZapGate> = {},
  isCurve = true,
  handshakeMs?: number,
  where = 'tcp://127.0.0.1:0',
  failed: (error: unknown) => unknown = (error) => {
    throw error;
  },
) {
  const asked: ZapRequest[] = [];
  const malformed: string[] = [];
  const messages: { peer: string; frames: string[] }[] = [];
  const link: RouterLink = new RouterLink(
    {
      frameBytesMax: 1 << 20,
      highWaterMark: 1_000,
      highWaterBytes: 1 << 24,
      backlogTotalBytesMax: 1 << 24,
      stallMs: 10_000,
      backlogMessagesMax: 100,
      backlogBytesMax: 1 << 20,
      lingerMs: 0,
      handshakeMs,
      mark: '\u0101',
      security: {
        secretKey: isCurve ? server.secretKey : undefined,
        label: 'partners',
        gate: {
          objectionTo: (request) => {
            asked.push(request);
            return gate.objectionTo?.(request);
          },
          malformed: (detail) => malformed.push(detail),
        },
      },
    },
    {
      message: (from, frames) => {
        messages.push({ peer: from, frames: frames.map(decodeText) });
        link.send(from, [encodeText('back')]);
      },
      connectionChanged: () => undefined,
      peerGone: () => undefined,
      failed,
    },
  );
  open.push(link);
  const endpoint = await link.bind(where);
  link.receive();
  return { link, endpoint, asked, malformed, messages };
}

/** What becomes of one connection that says hello: the reply, or why it was closed. */
async function connect(endpoint: string, curve: ClientKeys | undefined): Promise<string> {
  return new Promise((resolve) => {
    const link = new DealerLink(
      endpoint,
      { frameBytesMax: 1 << 20, connectTimeoutMs: 3_000, curve },
      {
        opened: () => undefined,
        message: (frames) => resolve(`message: ${frames.map(decodeText).join()}`),
        closed: (reason) => resolve(`closed: ${reason}`),
      },
    );
    open.push(link);
    link.send([encodeText('hello')]);
  });
}

describe('CURVE', () => {
  test('a key that the gate knows comes in, and the gate has seen it', async () => {
    const { endpoint, asked, messages } = await guarded();
    expect(await connect(endpoint, keys)).toBe('message: back');
    expect(asked).toEqual([
      {
        domain: expect.stringMatching(/^partners\.\d+$/),
        address: '127.0.0.1',
        mechanism: 'CURVE',
        publicKey: peer.publicKey,
      },
    ]);
    expect(messages).toEqual([{ peer: expect.stringMatching(/^\u0101/), frames: ['hello'] }]);
  });

  test('a key that the gate refuses stays out, and is told so', async () => {
    const { endpoint, messages } = await guarded({ objectionTo: () => 'unknown key' });
    expect(await connect(endpoint, keys)).toBe('closed: the other side does not let this key in');
    expect(messages).toEqual([]);
  });

  test('a wrong server key gets no connection, and the gate is not even asked', async () => {
    const { endpoint, asked, messages } = await guarded();
    const wrong = { ...peer, serverKey: generateKeyPair().publicKey };
    expect(await connect(endpoint, wrong)).toMatch(/^closed: .*another key/);
    expect([asked, messages]).toEqual([[], []]);
  });

  test('a plain peer gets no connection to a CURVE port', async () => {
    const { endpoint, asked, messages } = await guarded();
    expect(await connect(endpoint, undefined)).toMatch(/^closed: .*the other side (wants|may want) CURVE/);
    expect([asked, messages]).toEqual([[], []]);
  });

  test('a peer with keys gets no connection to a plain port', async () => {
    const { endpoint, messages } = await guarded({}, false);
    expect(await connect(endpoint, keys)).toMatch(/^closed: .*no CURVE/);
    expect(messages).toEqual([]);
  });

  test('without CURVE the gate is asked all the same', async () => {
    const { endpoint, asked } = await guarded({}, false);
    expect(await connect(endpoint, undefined)).toBe('message: back');
    expect(asked).toMatchObject([{ mechanism: 'NULL', publicKey: undefined }]);
  });

  test('a connection that does not finish its handshake is closed', async () => {
    const { endpoint } = await guarded({}, true, 50);
    const { hostname, port } = new URL(endpoint.replace('tcp:', 'http:'));
    const socket = createConnection(Number(port), hostname);
    open.push({ close: () => socket.destroy() });
    socket.resume();
    await once(socket, 'close');
  });

  test('several routers of one process have each their own gate, until the last one closes', async () => {
    const first = await guarded({ objectionTo: () => 'never' });
    const second = await guarded();
    expect(await connect(second.endpoint, keys)).toBe('message: back');
    expect(await connect(first.endpoint, keys)).toMatch(/does not let this key in/);
    await first.link.close();
    expect(await connect(second.endpoint, keys)).toBe('message: back');
    await second.link.close();
    const third = await guarded();
    expect(await connect(third.endpoint, keys)).toBe('message: back');
  });
});

test.each([['tcp://127.0.0.1:0'], ['ipc']])(
  'a router over %s that is renewed closes all connections, and those that may come back do',
  async (where) => {
    const gone = new Set<string>();
    const gate = ({ publicKey = '' }: ZapRequest) => (gone.has(publicKey) ? 'gone' : undefined);
    const folder = await mkdtemp(join(tmpdir(), 'majordomo-renew-'));
    open.push({ close: () => rm(folder, { recursive: true }) });
    const { link, endpoint, messages } = await guarded(
      { objectionTo: gate },
      true,
      undefined,
      where === 'ipc' ? `ipc://${folder}/socket` : where,
    );
    const said: string[] = [];
    const other = generateKeyPair();
    const dealers = [peer, other].map(({ publicKey, secretKey }) => {
      const dealer = new Dealer({
        context: sharedContext(),
        linger: 0,
        reconnectInterval: 10,
        sendTimeout: 100,
        curveServerKey: server.publicKey,
        curvePublicKey: publicKey,
        curveSecretKey: secretKey,
      });
      dealer.connect(endpoint);
      open.push(dealer);
      void (async () => {
        for await (const frames of dealer) said.push(frames.map(decodeText).join());
      })();
      return dealer;
    });
    const [stays, leaves] = dealers as [Dealer, Dealer];
    await stays.send('one');
    await leaves.send('two');
    await eventually(() => said.length === 2, { what: 'answers' });
    gone.add(other.publicKey);
    await Promise.all([link.renew(), link.renew(), link.renew()]);
    await eventually(
      async () => {
        await stays.send('three').catch(() => undefined);
        return said.length > 2;
      },
      { what: 'an answer after it came back' },
    );
    await leaves.send('four').catch(() => undefined);
    expect(messages.flatMap(({ frames }) => frames)).not.toContain('four');
    expect(await connect(endpoint, { ...other, serverKey: server.publicKey })).toMatch(/not let this key in/);
  },
);

test('a router that cannot have its endpoint again fails, and one that is closed meanwhile does not', async () => {
  const failures: unknown[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'majordomo-renew-'));
  const where = `ipc://${folder}/socket`;
  const { link } = await guarded({}, true, undefined, where, (error) => failures.push(error));
  await rm(folder, { recursive: true });
  await link.renew();
  expect(failures).toEqual([expect.objectContaining({ code: 'BIND_FAILED', endpoint: where })]);
  const other = await guarded();
  const late = other.link.renew();
  await other.link.close();
  await late;
});

describe('checkConnection', () => {
  const check = (endpoint: string, curve?: { serverKey: string; secretKey?: string }, timeoutMs = 5_000) =>
    checkConnection(endpoint, { timeoutMs, curve });
  const right = { serverKey: server.publicKey, secretKey: peer.secretKey };

  test.each([Infinity, NaN, 0, 1.5, 2 ** 31])('refuses a timeoutMs of %p', async (timeoutMs) => {
    await expect(checkConnection('tcp://127.0.0.1:1', { timeoutMs })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('timeoutMs'),
    });
  });

  test('says that the connection stands, and how long that took', async () => {
    const { endpoint } = await guarded();
    expect(await check(endpoint, right)).toEqual({ stood: true, ms: expect.any(Number) });
    expect(await check((await guarded({}, false)).endpoint)).toMatchObject({ stood: true });
  });

  test('names what kept it from that', async () => {
    const curve = await guarded();
    const plain = await guarded({}, false);
    const picky = await guarded({ objectionTo: () => 'never' });
    const wrong = { ...right, serverKey: generateKeyPair().publicKey };
    const http = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const mute = createServer((socket) => socket.resume());
    const endpointOf = async (server: Server): Promise<string> => {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      open.push(server);
      return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const endings = await Promise.all([
      check(curve.endpoint),
      check(plain.endpoint, right),
      check(curve.endpoint, wrong),
      check(picky.endpoint, right),
      check('tcp://127.0.0.1:1'),
      check(await endpointOf(mute), undefined, 200),
    ]);
    const neither: unknown = expect.stringMatching(/^(mechanism|handshake)$/);
    expect(endings.map((each) => !each.stood && each.ending)).toEqual([
      neither,
      neither,
      'handshake',
      'unauthorized',
      'refused',
      'timeout',
    ]);
    expect(await check(await endpointOf(http))).toMatchObject({ stood: false });
  });

  test('refuses what is no key before it connects', async () => {
    await expect(check('tcp://127.0.0.1:1', { serverKey: 'short' })).rejects.toMatchObject({
      code: 'INVALID_KEY',
    });
  });
});

describe('the ZAP handler', () => {
  const field = (bytes: number): Frame => new Uint8Array(bytes).fill(0x61);
  const text = (...parts: string[]): Frame[] => parts.map(encodeText);

  /** What the handler answers to any frames at all. */
  async function ask(...frames: Frame[]): Promise<string[]> {
    const socket = new Request({ context: sharedContext(), linger: 0 });
    open.push(socket);
    socket.connect('inproc://zeromq.zap.01');
    await socket.send(frames as Buffer[]);
    return (await socket.receive()).map(decodeText);
  }

  test.each<[string, Frame[]]>([
    ['an oversized domain', [...text('1.0', '1'), field(256), ...text('1.2.3.4', 'id', 'CURVE'), field(32)]],
    [
      'an oversized address',
      [...text('1.0', '1', 'partners.1'), field(300), ...text('id', 'CURVE'), field(32)],
    ],
    [
      'an oversized identity',
      [...text('1.0', '1', 'd', '1.2.3.4'), field(70_000), ...text('CURVE'), field(32)],
    ],
    ['an oversized mechanism', [...text('1.0', '1', 'd', '1.2.3.4', 'id'), field(21), field(32)]],
    ['an oversized key', [...text('1.0', '1', 'd', '1.2.3.4', 'id', 'CURVE'), field(33)]],
    ['a short key', [...text('1.0', '1', 'd', '1.2.3.4', 'id', 'CURVE'), field(31)]],
    ['no key', text('1.0', '1', 'd', '1.2.3.4', 'id', 'CURVE')],
    ['too few frames', text('1.0', '1', 'd')],
    [
      'too many frames',
      [...text('1.0', '1', 'd', 'a', 'id', 'CURVE'), ...Array.from({ length: 50 }, () => field(1))],
    ],
    ['another version', [...text('2.0', '1', 'd', 'a', 'id', 'CURVE'), field(32)]],
  ])('answers 400 to %s, and counts it', async (_what, frames) => {
    const { asked, malformed } = await guarded();
    expect(await ask(...frames)).toEqual(['1.0', '1', '400', 'malformed request', '', '']);
    expect([asked.length, malformed.length]).toEqual([0, 1]);
  });

  test('answers 400 with an empty number to an oversized one', async () => {
    const { malformed } = await guarded();
    const frames = [encodeText('1.0'), field(256), ...text('d', 'a', 'id', 'CURVE'), field(32)];
    expect(await ask(...frames)).toEqual(['1.0', '', '400', 'malformed request', '', '']);
    expect(malformed).toHaveLength(1);
  });

  test('answers 400 to a domain that nobody has', async () => {
    const { asked, malformed } = await guarded();
    const frames = [...text('1.0', '7', 'others', '1.2.3.4', 'id', 'CURVE'), field(32)];
    expect(await ask(...frames)).toEqual(['1.0', '7', '400', 'not allowed', '', '']);
    expect([asked, malformed]).toEqual([[], []]);
  });

  test('goes on after a message that no REQ would send', async () => {
    const { endpoint } = await guarded();
    const dealer = new Dealer({ context: sharedContext(), linger: 0 });
    open.push(dealer);
    dealer.connect('inproc://zeromq.zap.01');
    await dealer.send(['no', 'delimiter']);
    expect(await connect(endpoint, keys)).toBe('message: back');
  });
});

describe('keys', () => {
  test('Z85 is that of RFC 32', () => {
    const bytes = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b);
    expect(encodeZ85(bytes)).toBe('HelloWorld');
    expect(decodeZ85('HelloWorld')).toEqual(bytes);
    expect(decodeZ85('Hell')).toBeUndefined();
    expect(decodeZ85('#####')).toBeUndefined();
    expect(decodeZ85('Hell"')).toBeUndefined();
  });

  test('the public key of a secret one is that of ZeroMQ', () => {
    for (let n = 0; n < 20; n++) {
      const { publicKey, secretKey } = generateKeyPair();
      expect(publicKeyOf(secretKey)).toBe(publicKey);
    }
  });

  test('what belongs together is told from what does not', () => {
    const { publicKey, secretKey } = peer;
    expect(keyPairOf(secretKey, publicKey)).toEqual(peer);
    const invalid = expect.objectContaining({ code: 'INVALID_KEY' });
    expect(() => keyPairOf(publicKey, secretKey)).toThrow(invalid);
    expect(() => keyPairOf(secretKey, server.publicKey)).toThrow(invalid);
    expect(() => keyPairOf('short')).toThrow(invalid);
    expect(() => keyPairOf(secretKey, '"'.repeat(40))).toThrow(invalid);
    expect(() => clientKeysOf({ serverKey: publicKey, secretKey })).toThrow(invalid);
    expect(() => clientKeysOf({ serverKey: secretKey, secretKey })).toThrow(invalid);
    expect(() => clientKeysOf({ serverKey: server.publicKey, publicKey })).toThrow(invalid);
    expect(clientKeysOf({ serverKey: server.publicKey }).publicKey).not.toBe(publicKey);
  });

  test('an error never holds a key', () => {
    const { secretKey } = peer;
    for (const fails of [
      () => keyPairOf(secretKey, server.publicKey),
      () => keyPairOf(`${secretKey}x`),
      () => clientKeysOf({ serverKey: secretKey, secretKey }),
    ]) {
      let message = '';
      try {
        fails();
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/key/);
      expect(message).not.toContain(secretKey);
    }
  });
});

describe('proofs', () => {
  const vectors = JSON.parse(
    readFileSync(join(__dirname, '../../protocol/vectors/proofs/proofs.json'), 'utf8'),
  ) as Record<string, string>[];

  test.each(vectors.map((vector) => [vector['name']!, vector] as const))(
    'as the test vectors have it: %s',
    (_name, vector) => {
      const bytes = (name: string) => Uint8Array.from(Buffer.from(vector[name]!, 'hex'));
      const half = vector['half'] === 'client' ? 'client' : 'worker';
      const own = keyPairOf(vector['peerSecretKey']!, vector['peerPublicKey']!);
      const broker = keyPairOf(vector['brokerSecretKey']!, vector['brokerPublicKey']!);
      const asked = { nonce: bytes('nonce'), routingId: bytes('routingId') };
      expect(Metadata.challenge(asked).bytes).toEqual(bytes('challenge'));
      expect(new Metadata(bytes('challenge')).challenge).toEqual(asked);
      const proof = makeProof(half, { ...own, serverKey: broker.publicKey }, asked)!;
      expect(Buffer.from(proof.mac).toString('hex')).toBe(vector['mac']);
      expect(isProven(half, broker, asked, proof)).toBe(true);
      const session = half === 'client' ? packedClient() : packedWorker();
      session.add(proof);
      expect(Buffer.concat(session.take()).toString('hex')).toBe(vector['message']);
    },
  );

  const challenge = { nonce: new Uint8Array(32).fill(7), routingId: Uint8Array.of(0, 1, 2, 3, 4) };

  test('hold for the key, half, nonce, routing id and broker that they were made for', () => {
    const proof = makeProof('client', keys, challenge)!;
    expect(isProven('client', server, challenge, proof)).toBe(true);
    expect(isProven('worker', server, challenge, proof)).toBe(false);
    expect(isProven('client', generateKeyPair(), challenge, proof)).toBe(false);
    const other = { ...challenge, nonce: new Uint8Array(32).fill(8) };
    expect(isProven('client', server, other, proof)).toBe(false);
    const elsewhere = { ...challenge, routingId: Uint8Array.of(0, 1, 2, 3, 5) };
    expect(isProven('client', server, elsewhere, proof)).toBe(false);
    const stolen = { ...proof, publicKey: decodeZ85(generateKeyPair().publicKey)! };
    expect(isProven('client', server, challenge, stolen)).toBe(false);
    const mac = Uint8Array.from(proof.mac, (byte, at) => (at === 31 ? byte ^ 1 : byte));
    expect(isProven('client', server, challenge, { ...proof, mac })).toBe(false);
  });

  test('of a public key that shares nothing with anybody never hold', () => {
    for (const first of [0, 1]) {
      const publicKey = new Uint8Array(32);
      publicKey[0] = first;
      const proof = { kind: 'proof' as const, publicKey, mac: new Uint8Array(32) };
      expect(isProven('client', server, challenge, proof)).toBe(false);
    }
  });
});

describe('key files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'majordomo-keys-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('hold one key each, the secret one for its owner alone', async () => {
    const files = await writeKeyFiles(join(folder, 'broker'), server);
    expect(files).toEqual({ secret: join(folder, 'broker.key'), public: join(folder, 'broker.pub') });
    expect(await readFile(files.secret, 'utf8')).toBe(`${server.secretKey}\n`);
    expect((await stat(files.secret)).mode & 0o777).toBe(0o600);
    expect(await readKeyFile(files.secret)).toEqual({ key: server.secretKey, open: false });
    expect((await readKeyFile(files.public)).key).toBe(server.publicKey);
  });

  test('are not replaced unless that is asked for, and then are for their owner alone', async () => {
    const base = join(folder, 'broker');
    const { secret } = await writeKeyFiles(base, server);
    await expect(writeKeyFiles(base, peer)).rejects.toMatchObject({ code: 'KEY_FILE' });
    expect((await readKeyFile(secret)).key).toBe(server.secretKey);
    await chmod(secret, 0o644);
    expect((await readKeyFile(secret)).open).toBe(true);
    await writeKeyFiles(base, peer, true);
    expect(await readKeyFile(secret)).toEqual({ key: peer.secretKey, open: false });
  });

  test('that are none are errors that say so', async () => {
    const path = join(folder, 'bad');
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'KEY_FILE' });
    await expect(readKeyFile(folder)).rejects.toMatchObject({ code: expect.stringMatching(/KEY/) });
    await writeFile(path, 'short');
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'INVALID_KEY' });
    await writeFile(path, 'x'.repeat(5_000));
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'INVALID_KEY' });
    await expect(writeKeyFiles(join(folder, 'no', 'where'), peer)).rejects.toMatchObject({
      code: 'KEY_FILE',
    });
  });
});
