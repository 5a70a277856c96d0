import { Brokers, isHopeful } from '../../src/core/brokers';

const ignored = { brokerUp: () => undefined, brokerDown: () => undefined, brokerSilent: () => undefined };
const any = () => true;
const brokers = (...endpoints: string[]) =>
  new Brokers(endpoints, (failures) => failures * 100, 'mdp/0.2', ignored);
const named = (state: { readonly endpoint: string } | undefined) => state?.endpoint;

test('brokers take turns', () => {
  const all = brokers('a', 'b', 'c');
  expect([0, 0, 0, 0].map((now) => named(all.take(now, any)))).toEqual(['a', 'b', 'c', 'a']);
});

test('one that does not fit loses no turn of the others', () => {
  const all = brokers('a', 'b', 'c');
  expect(named(all.take(0, ({ endpoint }) => endpoint !== 'a'))).toBe('b');
  expect(named(all.take(0, ({ endpoint }) => endpoint !== 'c'))).toBe('a');
  expect(all.take(0, () => false)).toBeUndefined();
});

test('one that failed is left alone for its wait, which grows', () => {
  const all = brokers('a');
  const [a] = all.all;
  all.failed(a!, 'refused', 1_000);
  expect(all.take(1_099, any)).toBeUndefined();
  expect(all.nextAt(1_000)).toBe(1_100);
  expect(named(all.take(1_100, any))).toBe('a');
  expect(all.nextAt(1_100)).toBe(Infinity);
  all.failed(a!, 'refused', 1_100);
  expect(all.nextAt(1_100)).toBe(1_300);
});

test('connections that break together are one failure', () => {
  const all = brokers('a');
  const [a] = all.all;
  for (let n = 0; n < 20; n++) all.failed(a!, 'closed', 1_000 + n);
  expect(a!.failures).toBe(1);
  expect(all.nextAt(1_019)).toBe(1_100);
});

test('one that failed is tried by one connection until that stands', () => {
  const all = brokers('a');
  const [a] = all.all;
  all.failed(a!, 'refused', 0);
  expect(isHopeful(a!)).toBe(false);
  a!.links = 1;
  expect(all.take(100, any)).toBeUndefined();
  a!.connected = true;
  expect(named(all.take(100, any))).toBe('a');
});

test('says why nothing may have come, only where no broker is connected', () => {
  const all = brokers('a', 'b');
  const [a] = all.all;
  expect(all.describe(0)).toBe('no broker reachable (a: connecting, b: connecting)');
  all.failed(a!, 'connection refused', 100);
  all.failed(a!, 'connection refused', 900);
  expect(all.describe(1_000)).toBe('no broker reachable for 900 ms (a: connection refused, b: connecting)');
  all.stands(a!);
  expect(all.describe(2_000)).toBe('');
  all.lost(a!, 'connection closed', 3_000);
  expect(all.describe(64_500)).toBe('no broker reachable for 61.5 s (a: connection closed, b: connecting)');
});

test('that a broker is down is told once, whether or not it was ever up', () => {
  const told: string[] = [];
  const all = new Brokers(['a'], () => 100, 'packed', {
    ...ignored,
    brokerUp: (endpoint) => told.push(`up ${endpoint}`),
    brokerDown: (endpoint, reason) => told.push(`down ${endpoint} ${reason}`),
  });
  const [a] = all.all;
  all.lost(a!, 'connection refused', 0);
  all.lost(a!, 'connection refused', 200);
  all.stands(a!);
  all.lost(a!, 'connection closed', 400);
  all.lost(a!, 'connection refused', 600);
  expect(told).toEqual(['down a connection refused', 'up a', 'down a connection closed']);
});
