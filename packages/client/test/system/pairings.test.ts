import type { DialectName } from '@majordomo/protocol';
import { eventually } from '@majordomo/testkit';
import type { Handler } from '@majordomo/worker';
import { closeAll, counted, deferred, later, newBroker, newClient, newWorker } from './support';

afterEach(closeAll);

const DIALECTS: readonly DialectName[] = ['packed', 'mdp/0.2', 'mdp/0.1'];
const PAIRINGS = DIALECTS.flatMap((client) => DIALECTS.map((worker) => ({ client, worker })));
const streams = (dialect: DialectName): boolean => dialect !== 'mdp/0.1';

const countdown: Handler = async function* (request) {
  for (let left = 3; left > 0; left--) yield `${request.body.text()} ${left}`;
  return 'lift-off';
};

/** The nine pairings on one broker: what docs/PROTOCOL.md, "Pairings", says each keeps or loses. */
describe.each(PAIRINGS)('a $client client and a $worker worker', (pairing) => {
  test('many requests at once are each answered with their own reply', async () => {
    const { endpoint } = await newBroker();
    const echo: Handler = (request) => request.body;
    await newWorker('echo', echo, { brokers: endpoint, protocol: pairing.worker, concurrency: 4 });
    const client = newClient({ brokers: endpoint, protocol: pairing.client, socketsMax: 20 });
    const asked = Array.from({ length: 200 }, (_, n) => `request ${n}`);
    const replies = await Promise.all(asked.map((text) => client.request('echo', text)));
    expect(replies.map((reply) => reply.text())).toEqual(asked);
  });

  test('PARTIALs arrive one by one where both can say them, gathered elsewhere', async () => {
    const { endpoint } = await newBroker();
    await newWorker('countdown', countdown, { brokers: endpoint, protocol: pairing.worker });
    const client = newClient({ brokers: endpoint, protocol: pairing.client });
    const messages: string[][] = [];
    for await (const { kind, body } of client.stream('countdown', 'T')) {
      messages.push([kind, ...body.frames.map((_, frame) => body.text(frame))]);
    }
    const byOne = streams(pairing.client) && streams(pairing.worker);
    expect(messages).toEqual(
      byOne
        ? [
            ['partial', 'T 3'],
            ['partial', 'T 2'],
            ['partial', 'T 1'],
            ['final', 'lift-off'],
          ]
        : [['final', 'T 3', 'T 2', 'T 1', 'lift-off']],
    );
  });

  test('a stream of more PARTIALs than any window is whole and in order', async () => {
    const { endpoint } = await newBroker();
    const numbers: Handler = async function* () {
      for (let n = 0; n < 900; n++) yield String(n);
    };
    await newWorker('numbers', numbers, { brokers: endpoint, protocol: pairing.worker });
    const client = newClient({ brokers: endpoint, protocol: pairing.client, streamBufferMax: 16 });
    const got: string[] = [];
    for await (const { body } of client.stream('numbers')) {
      for (let frame = 0; frame < body.length; frame++) got.push(body.text(frame));
    }
    expect(got.filter((text) => text !== '')).toEqual(Array.from({ length: 900 }, (_, n) => String(n)));
  });

  test('bodies of many frames and of a megabyte pass unchanged', async () => {
    const { endpoint } = await newBroker();
    await newWorker('echo', (request) => request.body, { brokers: endpoint, protocol: pairing.worker });
    const client = newClient({ brokers: endpoint, protocol: pairing.client });
    const large = new Uint8Array(1_000_000).map((_, at) => at % 251);
    const frames = ['', 'small', large, new Uint8Array(10_000).fill(7), ''];
    const reply = await client.request('echo', frames);
    expect(reply.frames.map((frame) => frame.length)).toEqual([0, 5, 1_000_000, 10_000, 0]);
    expect(Buffer.compare(Buffer.from(reply.bytes(2)), Buffer.from(large))).toBe(0);
  });

  test('a request of which nobody wants the reply any more is withdrawn', async () => {
    const { broker, endpoint } = await newBroker();
    const started = deferred();
    const told = deferred<string>();
    const release = deferred();
    const slow: Handler = async (_request, { signal }) => {
      if (pairing.worker === 'packed') {
        signal.addEventListener('abort', () => told.resolve((signal.reason as Error).name));
      }
      started.resolve();
      await release.promise;
      return 'too late';
    };
    await newWorker('slow', slow, { brokers: endpoint, protocol: pairing.worker });
    const client = newClient({ brokers: endpoint, protocol: pairing.client });
    const abort = new AbortController();
    const reply = later(client.request('slow', 'x', { signal: abort.signal }));
    await started.promise;
    abort.abort();
    await expect(reply).rejects.toMatchObject({ name: 'AbortError', code: 'ABORTED' });
    if (pairing.worker === 'packed') expect(await told.promise).toBe('CancelledError');
    const ended = pairing.client === 'packed' ? 'cancelled' : 'withdrawn';
    await eventually(() => counted(broker, ended) === 1);
    release.resolve();
    await eventually(() => counted(broker, 'repliesDropped') === 1);
    expect(broker.describe()).toMatchObject({ inFlight: 0, queued: 0 });
  });
});

/** What both sides have to be packed for. */
test('content type, traceparent, priority and attempt reach a packed worker', async () => {
  const { endpoint } = await newBroker();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const seen: unknown[] = [];
  const handler: Handler = ({ body, contentType, traceparent, priority, attempt }) => {
    seen.push([contentType, traceparent, priority, attempt]);
    return body;
  };
  await newWorker('typed', handler, { brokers: endpoint });
  const client = newClient({ brokers: endpoint });
  await client.request('typed', '{}', { contentType: 'application/json', traceparent, priority: 7 });
  expect(seen).toEqual([['application/json', traceparent, 7, 1]]);
});

test('the higher priority is served first', async () => {
  const { broker, endpoint } = await newBroker();
  const order: string[] = [];
  const gate = deferred();
  const handler: Handler = async (request) => {
    const text = request.body.text();
    if (text === 'first') await gate.promise;
    order.push(text);
    return '';
  };
  await newWorker('ordered', handler, { brokers: endpoint, concurrency: 1 });
  const client = newClient({ brokers: endpoint });
  const first = later(client.request('ordered', 'first'));
  const others = [0, 4, 9, 5].map((priority) =>
    later(client.request('ordered', `p${priority}`, { priority })),
  );
  await eventually(() => broker.describe().queued === 4);
  gate.resolve();
  await Promise.all([first, ...others]);
  expect(order).toEqual(['first', 'p9', 'p5', 'p4', 'p0']);
});
