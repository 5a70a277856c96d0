import {
  mdp01,
  mdp02,
  NO_METADATA,
  opening,
  packedClient,
  packedClientAtBroker,
  packedWorker,
  packedWorkerAtBroker,
  Probe,
} from '../src/index';
import { frames, hex } from './hex';

const introduction = { revision: 1, heartbeatMs: 1_000, capabilities: 0, metadata: NO_METADATA };

function hello() {
  const client = packedClient();
  client.add({ kind: 'hello', ...introduction });
  return client.take();
}

function ready() {
  const worker = packedWorker();
  worker.add({ kind: 'ready', service: 'echo', credit: 1, ...introduction });
  return worker.take();
}

const probe = (now = 1_000) => new Probe(hello(), 100, now);

test('the opening is the message behind an empty frame, and comes first', () => {
  expect(hex(opening(frames('4d44 01')))).toBe('- 4d44 01');
  expect(probe().first).toEqual([new Uint8Array(0), ...hello()]);
  expect(new Probe(ready(), 100, 0).first).toEqual([new Uint8Array(0), ...ready()]);
});

test('one question after another: packed, the HEARTBEAT of a 0.1 worker, that of a 0.2 worker, silence', () => {
  const asked = probe();
  expect(asked.nextWakeAt).toBe(1_100);
  expect(asked.tick(1_099)).toBeUndefined();
  expect(hex(asked.tick(1_100) as Uint8Array[])).toBe('- 4d4450573031 04');
  expect(asked.nextWakeAt).toBe(1_200);
  expect(asked.tick(1_150)).toBeUndefined();
  // Late: the next question has its whole time all the same.
  expect(hex(asked.tick(1_290) as Uint8Array[])).toBe('4d4450573032 05');
  expect(asked.nextWakeAt).toBe(1_390);
  expect(asked.tick(1_389)).toBeUndefined();
  expect(asked.tick(1_390)).toBe('silent');
});

test('what is sent to a plain broker is what a worker may send: each answered by its dialect’s DISCONNECT', () => {
  const asked = probe();
  for (const [now, dialect] of [
    [1_100, mdp01],
    [1_200, mdp02],
  ] as const) {
    const message = asked.tick(now) as Uint8Array[];
    expect(dialect.workerToBroker.decode(message)).toMatchObject({
      ok: true,
      command: { kind: 'heartbeat' },
    });
    const answer = dialect.brokerToWorker.encode({ kind: 'disconnect' })!;
    expect(asked.heard(answer)).toBe(dialect.name);
  }
});

test('an answer tells whichever question it is to, for it may be late', () => {
  const asked = probe();
  asked.tick(1_100);
  asked.tick(1_200);
  expect(asked.heard(frames('- 4d4450573031 05'))).toBe('mdp/0.1');
  expect(probe().heard(frames('4d4450573032 06'))).toBe('mdp/0.2');
});

test.each([
  ['WELCOME to a client', packedClientAtBroker],
  ['WELCOME to a worker', packedWorkerAtBroker],
])('%s: it speaks packed', (_what, make) => {
  const broker = make();
  const bounds = { internedMax: 1, framesMax: 1, frameBytesMax: 1, messageBytesMax: 1 };
  (broker as ReturnType<typeof packedClientAtBroker>).add({ kind: 'welcome', ...introduction, ...bounds });
  expect(probe().heard(broker.take())).toBe('packed');
});

test.each([
  ['nothing', []],
  ['an empty frame', frames('-')],
  ['a HEARTBEAT of 0.1', frames('- 4d4450573031 04')],
  ['a HEARTBEAT of 0.2', frames('4d4450573032 05')],
  ['work of 0.2', frames('4d4450573032 02 c0de - 41')],
  ['a reply', frames('4d4450433032 03 6563686f 41')],
  ['what nobody speaks', frames('474554202f')],
])('%s is no answer', (_what, message) => {
  expect(probe().heard(message)).toBeUndefined();
});
