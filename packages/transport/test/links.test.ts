import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeText, encodeText, type Frame } from '@majordomo/protocol';
import { DealerLink, RouterLink, type DealerLinkOptions, type RouterLinkHandlers } from '../src/index';

const routerOptions = {
  frameBytesMax: 1 << 20,
  highWaterMark: 1_000,
  highWaterBytes: 16 << 20,
  backlogMessagesMax: 100,
  backlogBytesMax: 1 << 20,
  backlogTotalBytesMax: 1 << 30,
  stallMs: 30_000,
  lingerMs: 100,
};
const dealerOptions = { frameBytesMax: 1 << 20, connectTimeoutMs: 1_000 };
/** Of a peer that, once paused, takes next to nothing. */
const deafOptions = { frameBytesMax: 1 << 26, connectTimeoutMs: 1_000, receiveHighWaterMark: 1 };

/** A list that can be waited on. */
class Seen<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];

  push(item: T): void {
    this.all.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async count(n: number): Promise<T[]> {
    while (this.all.length < n) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.all;
  }
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const link of open.splice(0)) await link.close();
});

async function router(handlers: Partial<RouterLinkHandlers> = {}, options = routerOptions) {
  const messages = new Seen<{ peer: string; frames: Frame[] }>();
  const changed = new Seen<string>();
  const gone = new Seen<{ peer: string; reason: string }>();
  const link = new RouterLink(options, {
    message: (peer, frames) => messages.push({ peer, frames }),
    connectionChanged: (peer) => changed.push(peer),
    peerGone: (peer, reason) => gone.push({ peer, reason }),
    failed: (error) => {
      throw error;
    },
    ...handlers,
  });
  open.push(link);
  const endpoint = await link.bind('tcp://127.0.0.1:0');
  link.receive();
  return { link, endpoint, messages, changed, gone };
}

function dealer(endpoint: string, options: DealerLinkOptions = dealerOptions) {
  const messages = new Seen<string[]>();
  const opened = new Seen<true>();
  const closed = new Seen<string>();
  const link = new DealerLink(endpoint, options, {
    opened: () => opened.push(true),
    message: (frames) => messages.push(frames.map(decodeText)),
    closed: (reason) => closed.push(reason),
  });
  open.push(link);
  return { link, messages, opened, closed };
}

const text = (...parts: string[]): Frame[] => parts.map(encodeText);

test('messages keep their frames and their order both ways', async () => {
  const server = await router();
  const { link, messages, opened } = dealer(server.endpoint);
  for (let n = 0; n < 50; n++) link.send(text('hello', '', String(n)));
  const [first] = await server.messages.count(50);
  expect(server.messages.all.map(({ frames }) => decodeText(frames[2]!))).toEqual(
    Array.from({ length: 50 }, (_, n) => String(n)),
  );
  for (let n = 0; n < 50; n++) server.link.send(first!.peer, text('back', String(n)));
  await messages.count(50);
  expect(messages.all.map(([, n]) => Number(n))).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(opened.all).toEqual([true]);
});

test('a connection refused closes the link at once', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { closed } = dealer(`tcp://127.0.0.1:${port}`);
  expect(await closed.count(1)).toEqual(['connection refused or timed out']);
});

test('a broker that closes closes the link, which does not reconnect', async () => {
  const server = await router();
  const { opened, closed } = dealer(server.endpoint);
  await opened.count(1);
  await server.link.close();
  expect(await closed.count(1)).toEqual(['connection closed']);
});

test('a peer that leaves is hinted at once, and confirmed by a send soon after', async () => {
  const server = await router();
  const { link } = dealer(server.endpoint);
  link.send(text('hi'));
  const [hello] = await server.messages.count(1);
  expect(server.link.noticesDepartures).toBe(true);
  link.close();
  const changes = await server.changed.count(2);
  expect(changes).toEqual([hello!.peer, hello!.peer]);
  while (server.gone.all.length === 0) {
    server.link.send(hello!.peer, text('too late'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(server.gone.all).toEqual([{ peer: hello!.peer, reason: 'unreachable' }]);
});

test('what was sent before close still arrives', async () => {
  const server = await router();
  const { link, opened } = dealer(server.endpoint);
  await opened.count(1);
  for (let n = 0; n < 10; n++) link.send(text(String(n)));
  link.close();
  await server.messages.count(10);
});

test('a peer that does not read is given up once its backlog is full, and others are served', async () => {
  const server = await router({}, { ...routerOptions, highWaterMark: 2 });
  const slow = dealer(server.endpoint);
  const quick = dealer(server.endpoint);
  slow.link.pause();
  slow.link.send(text('slow'));
  const [first] = await server.messages.count(1);
  const block = new Uint8Array(64 * 1024);
  for (let n = 0; server.gone.all.length === 0 && n < 100_000; n++) {
    server.link.send(first!.peer, [block]);
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.gone.all).toEqual([{ peer: first!.peer, reason: 'stalled' }]);
  quick.link.send(text('quick'));
  const [, second] = await server.messages.count(2);
  server.link.send(second!.peer, text('served'));
  expect(await quick.messages.count(1)).toEqual([['served']]);
});

describe('large messages to a peer that does not read', () => {
  const MIB = 1 << 20;
  const bounds = {
    ...routerOptions,
    frameBytesMax: 64 * MIB,
    highWaterMark: 100,
    highWaterBytes: 16 * MIB,
    backlogBytesMax: 400 * MIB,
    backlogMessagesMax: 1_000,
  };
  const spacer = text('spacer');
  const block = new Uint8Array(2 * MIB);

  /** Sends until ZeroMQ takes no more; returns the bytes that it has taken, and the system's buffers with it. */
  async function taken(link: RouterLink, peer: string, spaced: boolean): Promise<number> {
    let sent = 0;
    while (!link.isCongested(peer) && sent < 350 * MIB) {
      link.send(peer, [block], spaced ? spacer : undefined);
      sent += block.length;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return sent - link.backlogBytes;
  }

  test.each([
    ['with a spacer ZeroMQ holds as many bytes of them as is allowed', true, 10 * MIB, 40 * MIB],
    ['without one as many messages', false, 190 * MIB, 350 * MIB],
  ])('%s', async (_what, spaced, least, most) => {
    const server = await router({}, bounds);
    const { link } = dealer(server.endpoint, deafOptions);
    link.pause();
    link.send(text('slow'));
    const [hello] = await server.messages.count(1);
    const bytes = await taken(server.link, hello!.peer, spaced);
    expect(bytes).toBeGreaterThanOrEqual(least);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  test('all of them arrive in their order, spacers between them, once it reads', async () => {
    const server = await router({}, bounds);
    const got: number[] = [];
    let spacers = 0;
    const client = new DealerLink(
      server.endpoint,
      { frameBytesMax: 64 * MIB, connectTimeoutMs: 1_000 },
      {
        opened: () => undefined,
        message: ([frame]) => (frame!.length === spacer[0]!.length ? spacers++ : got.push(frame![0]!)),
        closed: () => undefined,
      },
    );
    open.push(client);
    client.send(text('quick'));
    const [hello] = await server.messages.count(1);
    for (let n = 0; n < 30; n++) {
      server.link.send(hello!.peer, [new Uint8Array(MIB).fill(n)], spacer);
    }
    server.link.send(hello!.peer, [new Uint8Array(1)], spacer);
    while (got.length < 31) await new Promise((resolve) => setImmediate(resolve));
    expect(got).toEqual([...Array.from({ length: 30 }, (_, n) => n), 0]);
    expect(spacers).toBe(30 * 6);
    expect(server.link.backlogBytes).toBe(0);
  });
});

test('where too many bytes wait in all, the peer that most waits for is given up, and no other', async () => {
  const bounds = { ...routerOptions, highWaterMark: 2, backlogTotalBytesMax: 900_000 };
  const server = await router({}, bounds);
  const peers: string[] = [];
  for (const name of ['much', 'little']) {
    const { link } = dealer(server.endpoint, deafOptions);
    link.pause();
    link.send(text(name));
    const all = await server.messages.count(peers.length + 1);
    peers.push(all.at(-1)!.peer);
  }
  const [much, little] = peers as [string, string];
  const block = new Uint8Array(64 * 1024);
  const fill = async (peer: string, waiting: number) => {
    const before = server.link.backlogBytes;
    while (server.link.backlogBytes - before < waiting && server.gone.all.length === 0) {
      server.link.send(peer, [block]);
      if (!server.link.isCongested(peer)) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await fill(much, 550_000);
  await fill(little, 450_000);
  expect(server.gone.all).toEqual([{ peer: much, reason: 'stalled' }]);
  expect(server.link.backlogBytes).toBeLessThan(500_000);
});

test('a peer that takes nothing loses its connection after a while', async () => {
  const bounds = { ...routerOptions, stallMs: 300, backlogBytesMax: 1 << 28, backlogMessagesMax: 100_000 };
  const server = await router({}, bounds);
  const { link } = dealer(server.endpoint, deafOptions);
  link.pause();
  link.send(text('deaf'));
  const [hello] = await server.messages.count(1);
  const block = new Uint8Array(1 << 20);
  for (let n = 0; n < 200; n++) server.link.send(hello!.peer, [block], text('spacer'));
  expect(await server.changed.count(2)).toEqual([hello!.peer, hello!.peer]);
  expect(await server.gone.count(1)).toEqual([{ peer: hello!.peer, reason: 'unreachable' }]);
  expect(server.link.backlogBytes).toBe(0);
});

test('a paused link leaves messages where they are until it resumes', async () => {
  const server = await router();
  const { link, messages } = dealer(server.endpoint);
  link.pause();
  link.send(text('hi'));
  const [first] = await server.messages.count(1);
  server.link.send(first!.peer, text('one'));
  server.link.send(first!.peer, text('two'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(messages.all).toEqual([]);
  link.resume();
  expect(await messages.count(2)).toEqual([['one'], ['two']]);
});

test('a taken endpoint is a BindError that says so', async () => {
  const first = await router();
  const second = await router();
  await expect(second.link.bind(first.endpoint)).rejects.toMatchObject({
    code: 'BIND_FAILED',
    message: expect.stringContaining('already in use'),
  });
});

test('a link that is closed while it binds says so', async () => {
  const { link } = await router();
  const binding = expect(link.bind('tcp://127.0.0.1:0')).rejects.toMatchObject({ code: 'STATE' });
  await link.close();
  await binding;
  await expect(link.bind('tcp://127.0.0.1:0')).rejects.toMatchObject({ code: 'STATE' });
});

test('inproc endpoints work within one process', async () => {
  const server = await router();
  await server.link.bind('inproc://links-test');
  const { link, opened, messages } = dealer('inproc://links-test');
  link.send(text('hi'));
  const [first] = await server.messages.count(1);
  server.link.send(first!.peer, text('there'));
  expect(await messages.count(1)).toEqual([['there']]);
  expect(opened.all).toEqual([true]);
});

test('links that are closed or refused leave no file descriptors behind', async () => {
  const { endpoint, link } = await router();
  const descriptors = () => readdirSync('/dev/fd').length;
  const openAndClose = async (times: number) => {
    for (let n = 0; n < times; n++) {
      const { link: each, opened } = dealer(endpoint);
      await opened.count(1);
      each.close({ flush: false });
    }
  };
  const refuse = async (times: number) => {
    for (let n = 0; n < times; n++) await dealer(endpoint).closed.count(1);
  };
  await openAndClose(5);
  const before = descriptors();
  await openAndClose(50);
  await link.close();
  await refuse(50);
  for (let turn = 0; turn < 200 && descriptors() > before + 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(descriptors()).toBeLessThanOrEqual(before + 10);
});

describe('ipc endpoints', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'majordomo-ipc-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test('one that is served is a BindError, and goes on being served', async () => {
    const endpoint = `ipc://${join(folder, 'taken')}`;
    const first = await router();
    const second = await router();
    await first.link.bind(endpoint);
    await expect(second.link.bind(endpoint)).rejects.toMatchObject({
      code: 'BIND_FAILED',
      message: `Cannot bind ${endpoint}: the address is already in use.`,
    });
    dealer(endpoint).link.send(text('hi'));
    await first.messages.count(1);
  });

  test('the file goes with the link, and one left by a process that died is no hindrance', async () => {
    const path = join(folder, 'left');
    const dead = createServer().listen(join(folder, 'dead'));
    await new Promise((resolve) => dead.once('listening', resolve));
    linkSync(join(folder, 'dead'), path);
    await new Promise((resolve) => dead.close(resolve));
    const { link } = await router();
    await link.bind(`ipc://${path}`);
    expect(existsSync(path)).toBe(true);
    await link.close();
    expect(existsSync(path)).toBe(false);
  });

  test('a file that is no socket is a BindError, and left as it is', async () => {
    const path = join(folder, 'diary.txt');
    writeFileSync(path, 'dear diary');
    const { link } = await router();
    await expect(link.bind(`ipc://${path}`)).rejects.toMatchObject({
      code: 'BIND_FAILED',
      message: `Cannot bind ipc://${path}: there is a file that is no socket.`,
    });
    await link.close();
    expect(readFileSync(path, 'utf8')).toBe('dear diary');
  });

  test.each([
    ['missing/socket', 'there is no such folder'],
    ['x'.repeat(150), 'the path is too long for a socket'],
  ])('%s is a BindError that says why', async (name, why) => {
    const endpoint = `ipc://${join(folder, name)}`;
    const { link } = await router();
    await expect(link.bind(endpoint)).rejects.toMatchObject({ message: `Cannot bind ${endpoint}: ${why}.` });
  });
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'the system asks whether a silent peer is still there, so that a host that is gone frees its id',
  async () => {
    const server = await router();
    const { opened } = dealer(server.endpoint);
    await opened.count(1);
    const port = Number(server.endpoint.split(':').pop()).toString(16).toUpperCase().padStart(4, '0');
    const connections = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${port}`) && state === '01');
    expect(connections).toHaveLength(1);
    // The kind of timer that runs for it: 02 is keepalive.
    expect(connections[0]![5]).toMatch(/^02:/);
  },
);
