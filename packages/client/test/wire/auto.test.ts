import type { Logger } from '@majordomo/protocol';
import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawSocket,
  RawWorker01,
  RawWorker02,
  type RawBroker,
} from '@majordomo/testkit';
import type { ClientOptions } from '../../src/index';
import { PackedBroker } from '../support/packed-broker';
import { closeAll, newClient, serve } from './support';

leakCheck();
afterEach(closeAll);
afterEach(closeAllSockets);

const probing = (options: ClientOptions) => newClient({ protocol: 'auto', probeMs: 100, ...options });

const plain = [
  { dialect: 'RFC 7', listen: RawBroker01.listen, Worker: RawWorker01 },
  { dialect: 'RFC 18', listen: RawBroker02.listen, Worker: RawWorker02 },
];

describe.each(plain)('a broker of $dialect', ({ listen, Worker }) => {
  /** A raw broker that routes, and a worker that echoes. */
  async function served(endpoint?: string): Promise<RawBroker> {
    const broker: RawBroker = await listen(endpoint ? { endpoint } : {});
    broker.autoRoute();
    await serve(broker.endpoint, 'echo', undefined, Worker);
    return broker;
  }

  test('is found out by questions that disturb nothing, and served in its dialect', async () => {
    const broker = await served();
    const client = probing({ brokers: broker.endpoint });
    const ups: string[] = [];
    client.on('brokerUp', ({ endpoint }) => ups.push(endpoint));
    const replies = Array.from({ length: 20 }, (_, n) => client.request('echo', String(n)));
    expect(client.sockets).toBe(1);
    expect((await Promise.all(replies)).map((body) => body.text())).toEqual(
      Array.from({ length: 20 }, (_, n) => String(n)),
    );
    expect(ups).toEqual([broker.endpoint]);
    expect(broker.workers).toHaveLength(1);
    // The questions, which name no command of this dialect, and nothing else.
    expect(broker.violations.length).toBeLessThanOrEqual(2);
  });

  test('is asked once, and remembered while a connection stands', async () => {
    const broker = await served();
    const client = probing({ brokers: broker.endpoint, idleSocketMs: 20 });
    await client.request('echo', '1');
    const asked = broker.violations.length;
    await Promise.all(Array.from({ length: 10 }, () => client.request('echo', 'x')));
    await eventually(() => client.sockets === 1);
    await Promise.all(Array.from({ length: 10 }, () => client.request('echo', 'x')));
    expect(broker.violations).toHaveLength(asked);
  });

  test('that is replaced by a packed one, and that by a plain one again, is found out each time', async () => {
    const first = await served();
    const { endpoint } = first;
    const client = probing({ brokers: endpoint });
    expect((await client.request('echo', 'plain')).text()).toBe('plain');
    await first.close();
    const second = (await PackedBroker.listen({ endpoint })).answerAll();
    expect((await client.request('echo', 'packed', { contentType: 'text/plain' })).text()).toBe('packed');
    expect(second.sessions).toBe(1);
    await second.close();
    await served(endpoint);
    expect((await client.request('echo', 'plain again')).text()).toBe('plain again');
  });

  test('options of the packed dialect are ignored', async () => {
    const { endpoint } = await served();
    const client = probing({ brokers: endpoint });
    const options = { priority: 9, failFast: true, contentType: 'text/plain' };
    const reply = await client.request('echo', 'x', options);
    expect([reply.text(), reply.metadata]).toEqual(['x', undefined]);
    for await (const { metadata } of client.stream('echo', 'x', options)) {
      expect(metadata.contentType).toBeUndefined();
    }
  });

  test('beside a packed one: both serve', async () => {
    const broker = await served();
    const packed = (await PackedBroker.listen()).answerAll();
    const client = probing({ brokers: [broker.endpoint, packed.endpoint] });
    const ups: string[] = [];
    client.on('brokerUp', ({ endpoint }) => ups.push(endpoint));
    await client.request('echo', 'x');
    expect(ups).toEqual([packed.endpoint]);
    await eventually(async () => {
      await client.request('echo', 'x');
      return ups.length === 2;
    });
    await packed.close();
    expect((await client.request('echo', 'plain')).text()).toBe('plain');
  });
});

test('a packed broker needs one question, on the connection that goes on', async () => {
  const broker = (await PackedBroker.listen()).answerAll();
  const client = probing({ brokers: broker.endpoint, probeMs: 5_000 });
  await Promise.all(Array.from({ length: 100 }, () => client.request('echo', 'x')));
  expect([client.sockets, broker.sessions, broker.violations]).toEqual([1, 1, []]);
});

test('a broker that answers nothing is spoken to in 0.2, with a warning', async () => {
  const heard: Buffer[][] = [];
  const socket = new RawSocket('router', { onMessage: (frames) => heard.push(frames) });
  const endpoint = await socket.bind('tcp://127.0.0.1:0');
  const warnings: string[] = [];
  const ignore = () => undefined;
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (fields, message) => warnings.push(`${JSON.stringify(fields)} ${message}`),
  };
  const client = probing({ brokers: endpoint, probeMs: 30, logger });
  const reply = client.request('echo', 'x');
  const request = await eventually(() =>
    heard.find((frames) => frames.some((frame) => String(frame) === 'echo')),
  );
  expect(request.slice(1).map(String)).toEqual(['MDPC02', '\x01', 'echo', 'x']);
  await socket.send(request[0]!, 'MDPC02', '\x03', 'echo', 'after all');
  expect((await reply).text()).toBe('after all');
  expect(warnings).toEqual([
    `{"event":"brokerSilent","endpoint":"${endpoint}"} broker answered in no dialect: spoken to in mdp/0.2 for now`,
  ]);
});

test('a question that a busy packed broker has not answered in time does no harm', async () => {
  const broker = (await PackedBroker.listen({ greets: false })).answerAll();
  const client = probing({ brokers: broker.endpoint, probeMs: 50 });
  const rejected: string[] = [];
  client.on('rejected', ({ detail }) => rejected.push(detail));
  const reply = client.request('echo', 'x');
  const { client: id } = await broker.next('hello');
  await eventually(() => broker.violations.length === 1);
  await broker.greet(id);
  await broker.socket.send(id, '', 'MDPW01', '\x05');
  expect((await reply).text()).toBe('x');
  await client.request('echo', 'y');
  expect([client.sockets, rejected]).toEqual([1, []]);
});
