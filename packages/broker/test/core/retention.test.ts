import { Body, packedClient, packedClientAtBroker, DEFAULT_LIMITS, NO_METADATA } from '@majordomo/protocol';
import { Retention, type Batch } from '../../src/core/retention';
import { Bench, requestOf } from './bench';

const MIB = 1_024 * 1_024;

/** What has a body in the message of now. */
function holder(retention: Retention): { batch: Batch | undefined; body: Body } {
  return { batch: retention.hold(), body: Body.of('x') };
}

test('a message is kept alive until the last of its requests lets go', () => {
  const retention = new Retention();
  retention.begin(1_000);
  expect(retention.bytes).toBe(0);
  const [first, second] = [holder(retention), holder(retention)];
  retention.end();
  const outside = holder(retention);
  expect([retention.bytes, outside.batch]).toEqual([1_000, undefined]);
  retention.release(first);
  retention.release(first);
  retention.release(outside);
  expect(retention.bytes).toBe(1_000);
  retention.release(second);
  expect(retention.bytes).toBe(0);
});

test('it is too much beyond 64 MiB and four times what is wanted', () => {
  const retention = new Retention();
  retention.begin(64 * MIB + 400);
  holder(retention);
  expect([retention.isExcessive(100), retention.isExcessive(99)]).toEqual([false, true]);
});

test('a body that moves out lets go, once', () => {
  const retention = new Retention();
  retention.begin(1_000);
  const each = holder(retention);
  const detach = jest.spyOn(each.body, 'detach');
  retention.moveOut(each);
  retention.moveOut(each);
  expect([retention.bytes, detach.mock.calls.length]).toEqual([0, 1]);
});

/** A message with one request as wanted and much beside it, as it comes off a socket. */
function largeMessage(id: number, text: string): { request: ReturnType<typeof requestOf>; bytes: number } {
  const session = packedClient();
  session.add(requestOf(id, 'late', text));
  for (let n = 0; n < 16; n++) session.add(requestOf(1_000 + n, 'late', 'x'.repeat(8_000)));
  const message = session.take();
  const decoded = packedClientAtBroker().decode(message, DEFAULT_LIMITS);
  if (!decoded.ok) throw new Error(decoded.rejection.detail);
  return { request: decoded.command[0] as ReturnType<typeof requestOf>, bytes: message[0]!.length };
}

test('many slow requests, each the rest of a large message, are moved out; what they say stays', () => {
  const bench = new Bench({ queueMax: 10_000 });
  bench.hello('c');
  const detach = jest.spyOn(Body.prototype, 'detach');
  let bytes = 0;
  for (let id = 1; bytes <= 64 * MIB + 4 * 1_000 * 1_300; id++) {
    const { request, bytes: more } = largeMessage(id, `text ${id}`);
    bench.core.beginMessage('c', more, bench.now);
    bench.tell('c', request);
    bench.core.endMessage();
    bytes += more;
  }
  const { queued } = bench.core.describe(0);
  const before = bench.core.pendingBytes;
  detach.mockClear();
  bench.tickAfter(10);
  expect(detach).toHaveBeenCalledTimes(queued);
  bench.tickAfter(10);
  expect(detach).toHaveBeenCalledTimes(queued);
  detach.mockRestore();
  expect([bench.core.pendingBytes, bench.core.retainedBytes]).toEqual([before, 0]);
  bench.readyPacked('w', 'late', queued);
  const jobs = bench.jobs('w');
  expect(jobs.map(({ text }) => text)).toEqual(jobs.map((_, n) => `text ${n + 1}`));
  for (const { ref } of jobs) bench.final('w', ref, 'done');
  expect(bench.core.pendingBytes).toBe(0);
});

test.each(['final', 'cancel', 'expire', 'gone', 'refused'])(
  'a request that ends by %s lets go of its message',
  (how) => {
    const bench = new Bench({ queueMax: how === 'refused' ? 0 : 10 });
    bench.hello('c');
    if (how === 'final') bench.readyPacked('w', 'echo');
    bench.core.beginMessage('c', 5_000, bench.now);
    bench.tell('c', { ...requestOf(1, 'echo', 'x'), remainingMs: 50, metadata: NO_METADATA });
    bench.core.endMessage();
    expect(bench.core.retainedBytes).toBe(how === 'refused' ? 0 : 5_000);
    if (how === 'final') bench.final('w', bench.job('w').ref, 'done');
    else if (how === 'cancel') bench.cancel('c', 1);
    else if (how === 'expire') bench.tickAfter(100);
    else bench.gone('c');
    expect(bench.core.retainedBytes).toBe(0);
  },
);
