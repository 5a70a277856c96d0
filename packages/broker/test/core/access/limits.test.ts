import { mdp02 } from '@majordomo/protocol';
import type { Authority, Identity } from '../../../src/core/access/authority';
import { parsePolicy, type PeerLimits } from '../../../src/core/access/policy';
import { Rights } from '../../../src/core/access/rights';
import { Bench } from '../bench';

/** A core where nobody proves a key, and everybody may ask for everything within limits. */
function limited(limits: PeerLimits): Bench {
  const role = parsePolicy({ roles: { guest: { request: ['*'], serve: ['*'], limits } } }).roles['guest']!;
  const nobody: Identity = { keyName: undefined, meter: undefined, rights: new Rights([role]) };
  const authority: Authority = {
    stranger: () => nobody,
    challenge: () => undefined,
    identify: () => 'nobody can prove anything',
    shut: () => undefined,
  };
  return new Bench({ authority });
}

const outcomes = ({ core: { counters } }: Bench): number[] => [counters.requests, counters.limited];

test('a plain client waits for what its last body owes, however long it says nothing', () => {
  const bench = limited({ bytesPerSecond: 1_000 });
  bench.readyPacked('w', 'echo', 10);
  bench.request('c', 'echo', 'x'.repeat(10_000));
  bench.final('w', bench.job('w').ref, 'done');
  for (let n = 0; n < 8; n++) bench.tickAfter(1_100);
  bench.request('c', 'echo', 'x');
  expect(outcomes(bench)).toEqual([2, 1]);
  bench.tickAfter(1_000);
  bench.request('c', 'echo', 'x');
  expect(outcomes(bench)).toEqual([3, 1]);
  bench.core.checkInvariants();
});

test('and is forgotten once it owes nothing', () => {
  const bench = limited({ bytesPerSecond: 1_000 });
  bench.readyPacked('w', 'echo', 10);
  bench.request('c', 'echo', 'x'.repeat(10_000));
  bench.final('w', bench.job('w').ref, 'done');
  for (let n = 0; n < 9; n++) bench.tickAfter(1_000);
  expect(bench.core.clientPeers).toEqual(['c']);
  for (let n = 0; n < 3; n++) bench.tickAfter(1_000);
  expect(bench.core.clientPeers).toEqual([]);
});

test('a packed client has no more in its next session, nor before its first', () => {
  const bench = limited({ requestsPerSecond: 3 });
  bench.request('c', 'echo');
  bench.hello('c');
  bench.ask('c', 1, 'echo');
  bench.tell('c', { kind: 'disconnect' });
  bench.hello('c');
  bench.ask('c', 1, 'echo');
  bench.tell('c', { kind: 'proof', publicKey: new Uint8Array(32), mac: new Uint8Array(32) });
  bench.hello('c');
  bench.ask('c', 1, 'echo');
  expect(outcomes(bench)).toEqual([4, 1]);
  bench.core.checkInvariants();
  bench.gone('c');
  expect(bench.core.clientPeers).toEqual([]);
});

test('whoever has the routing id after that has limits of its own', () => {
  const bench = limited({ requestsPerSecond: 1 });
  bench.request('c', 'echo', 'x', mdp02);
  bench.gone('c');
  bench.request('c', 'echo', 'x', mdp02);
  expect(outcomes(bench)).toEqual([2, 0]);
});
