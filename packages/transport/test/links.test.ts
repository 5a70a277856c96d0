import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeText, encodeText, type Frame } from '@majordomo/protocol';
import { DealerLink, RouterLink, type RouterLinkHandlers } from '../src/index';

const routerOptions = {
  frameBytesMax: 1 << 20,
  highWaterMark: 1_000,
  backlogMessagesMax: 100,
  backlogBytesMax: 1 << 20,
  lingerMs: 100,
};
const dealerOptions = { frameBytesMax: 1 << 20, connectTimeoutMs: 1_000 };

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

function dealer(endpoint: string) {
  const messages = new Seen<string[]>();
  const opened = new Seen<true>();
  const closed = new Seen<string>();
  const link = new DealerLink(endpoint, dealerOptions, {
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
    const dead = createServer().listen(path);
    await new Promise((resolve) => dead.once('listening', resolve));
    await new Promise((resolve) => dead.close(resolve));
    writeFileSync(path, '');
    const { link } = await router();
    await link.bind(`ipc://${path}`);
    expect(existsSync(path)).toBe(true);
    await link.close();
    expect(existsSync(path)).toBe(false);
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
