import { mdp02 } from '@majordomo/protocol';
import { Clients } from '../../src/core/clients';
import type { RequestRecord } from '../../src/core/records';
import { Bench, PACKED } from './bench';

const request = {} as RequestRecord;

test('a plain client counts while it has requests, and is forgotten when it has had none for a while', () => {
  const clients = new Clients(0);
  const client = clients.plain('c', mdp02, 100);
  client.requests.set(1, request);
  clients.settle(client);
  expect([clients.size, [...clients]]).toEqual([1, [client]]);
  client.requests.delete(1);
  clients.settle(client);
  expect([clients.size, [...clients]]).toEqual([0, [client]]);
  clients.forgetIdle(1_099);
  expect(clients.plain('c', mdp02, 1_099)).toBe(client);
  expect(clients.size).toBe(1);
  clients.settle(client);
  clients.forgetIdle(2_098);
  expect(clients.get('c')).toBe(client);
  clients.forgetIdle(2_099);
  expect([clients.get('c'), [...clients]]).toEqual([undefined, []]);
});

test('a packed client counts while its session lasts, with requests or without', () => {
  const clients = new Clients(0);
  const client = clients.begin('c', PACKED, 0);
  clients.settle(client);
  clients.forgetIdle(10_000);
  expect([clients.size, clients.sessions]).toEqual([1, 1]);
  clients.remove(client);
  expect([clients.size, clients.sessions, clients.get('c')]).toEqual([0, 0, undefined]);
});

test('a plain client that leaves with nothing under way is no news', () => {
  const bench = new Bench();
  bench.ready('w', 'echo');
  bench.request('c', 'echo');
  bench.final('w', bench.job('w').ref, 'done');
  bench.gone('c');
  expect(bench.seen('clientGone')).toEqual([]);
});

test('clients that come once each leave nothing behind', () => {
  const bench = new Bench();
  bench.readyPacked('w', 'echo', 1_000);
  for (let n = 0; n < 500; n++) bench.request(`c${n}`, 'echo');
  for (const { ref } of bench.jobs('w')) bench.final('w', ref, 'done');
  bench.tickAfter(2_000);
  bench.expectEmpty();
});
