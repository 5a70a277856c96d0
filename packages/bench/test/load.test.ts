import { Arrivals } from '../src/load/arrivals';
import { bodyOf, checkEcho } from '../src/load/check';
import { closedLoop, countedCalls } from '../src/load/closed-loop';
import { openLoop } from '../src/load/open-loop';
import { readOrder, readStreams, writeOrder } from '../src/load/streams';
import { Window } from '../src/load/window';
import { sendAll } from '../src/load/one-way';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

test('a closed loop keeps so many calls in flight and no more', async () => {
  let open = 0;
  let most = 0;
  const call = async (): Promise<void> => {
    most = Math.max(most, ++open);
    await turn();
    open--;
  };
  const result = await closedLoop(call, { inFlight: 7, bytes: 10, warmupMs: 5, measureMs: 30 });
  expect(most).toBe(7);
  expect(open).toBe(0);
  expect(result.calls).toBeGreaterThanOrEqual(7);
  expect(result.callsInAll).toBeGreaterThan(result.calls);
  expect(result.perSecond).toBeCloseTo(result.calls / result.seconds);
  expect(result.latencyUs.p50).toBeLessThanOrEqual(result.latencyUs.max);
});

test('a closed loop waits for one answer per loop where its time is too short', async () => {
  const result = await closedLoop(() => sleep(40), { inFlight: 3, bytes: 1, warmupMs: 0, measureMs: 5 });
  expect(result.calls).toBeGreaterThanOrEqual(3);
});

test('a call that fails fails the load', async () => {
  const call = (): Promise<never> => Promise.reject(new Error('no'));
  await expect(closedLoop(call, { inFlight: 2, bytes: 1, warmupMs: 5, measureMs: 5 })).rejects.toThrow('no');
  await expect(
    openLoop(call, { perSecond: 1_000, bytes: 1, warmupMs: 0, measureMs: 20, outstandingMax: 100 }),
  ).rejects.toThrow('no');
});

test('counted calls are as many as asked for', async () => {
  let calls = 0;
  await countedCalls(async () => void calls++, 4, 1, 10);
  expect(calls).toBe(10);
});

test('an open loop puts a stall down to every call that was due in it', async () => {
  const startedAt = performance.now();
  const stallEndsMs = 100;
  const call = async (): Promise<void> => {
    const leftMs = stallEndsMs - (performance.now() - startedAt);
    if (leftMs > 0) await sleep(leftMs);
  };
  const load = { perSecond: 1_000, bytes: 1, warmupMs: 0, measureMs: 100, outstandingMax: 1_000 };
  const { due, answered, latencyUs } = await openLoop(call, load);
  expect(due).toBe(answered);
  expect(due).toBeGreaterThan(80);
  // A closed loop would have seen one slow call.
  expect(latencyUs.p50).toBeGreaterThan(20_000);
});

test('an open loop ends where calls pile up', async () => {
  const load = { perSecond: 10_000, bytes: 1, warmupMs: 0, measureMs: 5_000, outstandingMax: 50 };
  const { overrun, outstandingMost } = await openLoop(() => sleep(50), load);
  expect(overrun).toBe(true);
  expect(outstandingMost).toBeLessThan(200);
});

test('a reply of another length is no echo', async () => {
  const caller = (reply: Uint8Array) => ({
    call: () => Promise.resolve(reply),
    bytesOf: ({ length }: Uint8Array) => length,
    close: () => undefined,
  });
  await expect(checkEcho(caller(bodyOf(10)), 10)).resolves.toBeUndefined();
  await expect(checkEcho(caller(bodyOf(9)), 10)).rejects.toThrow('the reply to 10 bytes has 9');
});

test('the order of a stream survives its text', () => {
  expect(readOrder(writeOrder({ partials: 1_000, bytes: 100 }))).toEqual({ partials: 1_000, bytes: 100 });
});

test('a stream that lacks PARTIALs fails the load', async () => {
  const load = { streams: 1, partials: 3, bytes: 1, warmupMs: 0, measureMs: 5 };
  const short = readStreams(async (_, heard) => heard(), load);
  await expect(short).rejects.toThrow('a stream of 3 PARTIALs had 1');
});

test('a window holds the sender back until something is confirmed', async () => {
  const confirm: (() => void)[] = [];
  const window = new Window(2);
  const sent = () => window.add(new Promise<void>((resolve) => confirm.push(resolve)));
  expect(sent()).toBeUndefined();
  const room = sent();
  expect(room).toBeInstanceOf(Promise);
  confirm.shift()!();
  await room;
  confirm.shift()!();
  await window.empty();
});

test('a message that is not taken fails the sender', async () => {
  const window = new Window(10);
  void window.add(Promise.reject(new Error('full')));
  await expect(window.empty()).rejects.toThrow('full');
});

test('one way, all messages are sent and their arrival is timed', async () => {
  const arrivals = new Arrivals();
  const received = arrivals.expect(5);
  const sender = {
    send: () => {
      arrivals.add();
      return undefined;
    },
    flush: () => Promise.resolve(),
    close: () => undefined,
  };
  const { startedAtMs, endedAtMs } = await sendAll(sender, { count: 5, bytes: 1 });
  const { count, firstAtMs, lastAtMs } = await received;
  expect(count).toBe(5);
  expect([startedAtMs, firstAtMs, lastAtMs, endedAtMs]).toEqual(
    [startedAtMs, firstAtMs, lastAtMs, endedAtMs].sort((left, right) => left - right),
  );
});
