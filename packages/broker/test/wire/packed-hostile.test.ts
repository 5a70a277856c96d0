import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REJECTION_REASONS, type RejectionReason } from '@majordomo/protocol';
import {
  closeAllSockets,
  leakCheck,
  RawPackedClient,
  RawPackedWorker,
  RawSocket,
  type Frame,
} from '@majordomo/testkit';
import { closeBrokers, serve } from './served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

interface Hostile {
  readonly name: string;
  readonly direction: string;
  readonly frames: readonly string[];
  readonly rejection: RejectionReason;
}

/** The vectors of docs/PROTOCOL.md, "Hostile input". */
const vectors = JSON.parse(
  readFileSync(join(__dirname, '../../../protocol/vectors/hostile.json'), 'utf8'),
) as Hostile[];

/** To a broker, an empty frame before MDPC01 is MDP/0.1. */
const OF_ANOTHER_DIALECT = 'an empty frame that is no opening of this dialect';

const toBroker = vectors.filter(
  ({ name, direction }) => direction.endsWith('-to-broker') && name !== OF_ANOTHER_DIALECT,
);
const framesOf = ({ frames }: Hostile): Buffer[] => frames.map((hex) => Buffer.from(hex, 'hex'));

/** Beside the vectors: heads, frames and messages beyond what is let in, which would be large files. */
const LIMITS = { framesMax: 20, frameBytesMax: 300_000, messageBytesMax: 400_000 };
const OVERSIZED: readonly (readonly [RejectionReason, readonly Frame[]])[] = [
  ['frame_too_large', [Buffer.concat([Buffer.from('MDPCP1'), Buffer.alloc(140_000)])]],
  ['too_many_frames', ['MDPCP1\x0c\x00\x00\x00\x00\x00', ...Array<Frame>(90).fill('x')]],
  ['message_too_large', ['MDPCP1\x0c\x00\x00\x00\x00\x00', ...Array<Frame>(9).fill(Buffer.alloc(290_000))]],
  ['surplus_frames', ['MDPCP1\x0c\x00\x00\x00\x00\x00', 'x', 'y']],
];

/** A worker and a client that go on being served, whatever others do. */
async function bystanders(endpoint: string): Promise<() => Promise<void>> {
  const worker = new RawPackedWorker(endpoint);
  const client = new RawPackedClient(endpoint);
  await worker.connect('bystander');
  await client.connect();
  let asked = 0;
  return async () => {
    const reply = client.ask('bystander', String(asked));
    await worker.final((await worker.nextRequest()).id, `answer ${asked}`);
    expect(String(await reply)).toBe(`answer ${asked++}`);
    expect([...client.violations, ...worker.violations]).toEqual([]);
  };
}

test('there are vectors for both halves', () => {
  expect(toBroker.length).toBeGreaterThan(50);
});

test('each fault of a peer in session is counted under its reason and ends that session, and no other', async () => {
  const { endpoint, broker, events } = await serve();
  const areServed = await bystanders(endpoint);
  const expected = Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, 0]));
  for (const vector of toBroker) {
    const peer = vector.direction.startsWith('client')
      ? new RawPackedClient(endpoint)
      : new RawPackedWorker(endpoint);
    if (peer instanceof RawPackedClient) await peer.connect();
    else await peer.connect('victim');
    await peer.sendRaw(...framesOf(vector));
    await peer.expectDisconnect();
    await peer.close();
    expected[vector.rejection]! += 1;
    await areServed();
  }
  expect(broker.describe().rejections).toEqual(expected);
  const reported = events.flatMap((event) =>
    event.type === 'messageRejected' ? [event.rejection.reason] : [],
  );
  expect(reported).toEqual(toBroker.map(({ rejection }) => rejection));
  expect(broker.describe()).toMatchObject({ workers: 1, clients: 1, queued: 0, inFlight: 0, services: 1 });
});

test('each fault of a peer without a session is counted under its reason, and draws DISCONNECT where it is of this dialect', async () => {
  const { endpoint, broker, next } = await serve();
  const areServed = await bystanders(endpoint);
  for (const vector of toBroker) {
    const peer = new RawSocket('dealer').connect(endpoint);
    await peer.send(...framesOf(vector));
    // A message of the other half is right for a stranger, as a message; it begins no session.
    const ofOtherHalf = vector.name === 'the header of the other half';
    if (!ofOtherHalf) expect((await next('messageRejected')).rejection.reason).toBe(vector.rejection);
    const head = String(framesOf(vector).find(({ length }) => length > 0));
    if (head.startsWith('MDPCP1') || head.startsWith('MDPWP1')) {
      const [answer] = await peer.receive();
      expect(answer!.subarray(0, 7).toString('latin1')).toBe(`${head.slice(0, 6)}\x0e`);
    }
    await peer.close();
  }
  await areServed();
  expect(broker.describe()).toMatchObject({ workers: 1, clients: 1, services: 1 });
});

test.each(OVERSIZED)('%s: what is beyond the bounds of a message', async (reason, frames) => {
  const { endpoint, next } = await serve({ limits: LIMITS });
  const areServed = await bystanders(endpoint);
  const client = new RawPackedClient(endpoint);
  await client.connect();
  await client.sendRaw(...frames);
  await client.expectDisconnect();
  expect(await next('messageRejected')).toMatchObject({ rejection: { reason } });
  await areServed();
});

test('one peer that sends thousands of them, good ones between, is sent away each time and disturbs nobody', async () => {
  const { endpoint, broker } = await serve();
  const areServed = await bystanders(endpoint);
  const attacker = new RawSocket('dealer').connect(endpoint);
  for (let round = 0; round < 30; round++) {
    for (const vector of toBroker) await attacker.send(...framesOf(vector));
  }
  await areServed();
  await attacker.send('MDPC02', '\x01', 'mmi.service', 'bystander');
  for (;;) {
    const frames = await attacker.receive();
    if (String(frames[0]) === 'MDPC02') break;
    expect(String(frames[0]!.subarray(0, 6))).toMatch(/^MDP[CW]P1$/);
  }
  const rejected = Object.values(broker.describe().rejections).reduce((sum, count) => sum + count, 0);
  expect(rejected).toBeGreaterThanOrEqual(30 * (toBroker.length - 1));
  expect(broker.describe()).toMatchObject({ workers: 1, clients: 1, queued: 0 });
});

test('records that nobody knows, but may skip, do no harm', async () => {
  const { endpoint } = await serve();
  const client = new RawPackedClient(endpoint);
  await client.connect();
  await client.sendRaw(Buffer.from('MDPCP1\x80\x0f\x00\x00\x00\x03xyz\xff\x00\x00\x00\x00\x00', 'latin1'));
  expect((await client.ask('mmi.service', 'echo')).map(String)).toEqual(['404']);
});

test('a stranger that says nothing but what is skipped is sent away', async () => {
  const { endpoint, next } = await serve();
  const client = new RawSocket('dealer').connect(endpoint);
  await client.send('', Buffer.from('MDPCP1\x80\x00\x00\x00\x00\x00', 'latin1'));
  expect(String((await client.receive())[0])).toBe('MDPCP1\x0e\x00\x00\x00\x00\x00');
  expect(await next('protocolError')).toMatchObject({ detail: 'a message of a client without a session' });
});
