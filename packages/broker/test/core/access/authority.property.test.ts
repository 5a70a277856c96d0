import { CAN_PROVE, mdp02 } from '@majordomo/protocol';
import * as fc from 'fast-check';
import type { Authority, Identity } from '../../../src/core/access/authority';
import { Meter } from '../../../src/core/access/meter';
import { parsePolicy } from '../../../src/core/access/policy';
import { Rights } from '../../../src/core/access/rights';
import { Bench, INTRODUCTION, PACKED } from '../bench';

/*
 * A core whose rights change at any time, and peers that do anything at all: whatever happens, nobody has what it may
 * not have. No cryptography: a proof is right where its first byte names a key that is there.
 */

const PEERS = ['p0', 'p1', 'p2'] as const;
const SERVICES = ['a', 'b'] as const;
const SILENCE_MS = 400;

type Step =
  | { do: 'hello' | 'prove' | 'lie' | 'goodbye'; peer: string; half: 'client' | 'worker'; proves: boolean }
  | { do: 'ask' | 'askPlain' | 'ready' | 'readyPlain'; peer: string; service: string; proves: boolean }
  | { do: 'policy'; rights: Record<string, { request: string[]; serve: string[] } | null> }
  | { do: 'gone'; peer: string }
  | { do: 'wait'; ms: number };

const peer = fc.constantFrom(...PEERS);
const some = fc.subarray([...SERVICES]);
const rights = fc.option(fc.record({ request: some, serve: some }), { nil: null, freq: 4 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('hello', 'prove', 'prove', 'lie', 'goodbye'),
      peer,
      half: fc.constantFrom('client', 'worker'),
      proves: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('ask', 'ask', 'askPlain', 'ready', 'ready', 'readyPlain'),
      peer,
      service: fc.constantFrom(...SERVICES),
      proves: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('policy'),
      rights: fc.record({ key: rights, stranger: rights }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gone'), peer }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 1, max: SILENCE_MS }) }),
  },
) as fc.Arbitrary<Step>;

type Held = Identity & { rights: Rights | undefined };

class Changing implements Authority {
  readonly key: Held = { keyName: 'key', meter: new Meter(), rights: undefined };
  readonly nobody: Held = { keyName: undefined, meter: undefined, rights: undefined };
  readonly shutOut = new Set<string>();

  stranger(): Identity {
    return this.nobody;
  }

  challenge(): { nonce: Uint8Array; routingId: Uint8Array } {
    return { nonce: new Uint8Array(32), routingId: Uint8Array.of(1) };
  }

  identify(...[, , , { publicKey }]: Parameters<Authority['identify']>): Identity | string {
    if (publicKey[0] !== 1) return 'the proof is wrong';
    return this.key.rights ? this.key : 'no such key';
  }

  shut(peer: string): void {
    this.shutOut.add(peer);
  }
}

const rightsOf = (given: { request: string[]; serve: string[] } | null | undefined): Rights | undefined =>
  given ? new Rights([parsePolicy({ roles: { x: given } }).roles['x']!]) : undefined;

/** What has happened in all runs: a property of things that never happen would say nothing. */
const happened = { registered: 0, proven: 0, denied: 0, cutOff: 0 };

function run(steps: readonly Step[]): void {
  const authority = new Changing();
  const bench = new Bench({ authority });
  const { core } = bench;
  const all = { request: [...SERVICES], serve: [...SERVICES] };
  authority.key.rights = rightsOf(all);
  authority.nobody.rights = rightsOf({ ...all, request: [] });
  let ids = 0;
  for (const each of steps) {
    if ('peer' in each && authority.shutOut.has(each.peer) && each.do !== 'gone') continue;
    switch (each.do) {
      case 'hello':
        bench.tell(each.peer, { kind: 'hello', ...INTRODUCTION, capabilities: each.proves ? CAN_PROVE : 0 });
        break;
      case 'prove':
      case 'lie': {
        const publicKey = new Uint8Array(32).fill(each.do === 'prove' ? 1 : 2);
        const proof = { kind: 'proof' as const, publicKey, mac: new Uint8Array(32) };
        if (each.half === 'client') bench.tell(each.peer, proof);
        else bench.say(each.peer, proof, PACKED);
        break;
      }
      case 'goodbye':
        if (each.half === 'client') bench.tell(each.peer, { kind: 'disconnect' });
        else bench.say(each.peer, { kind: 'disconnect' }, PACKED);
        break;
      case 'ask':
        bench.ask(each.peer, ++ids, each.service);
        break;
      case 'askPlain':
        bench.request(each.peer, each.service, 'work', mdp02);
        break;
      case 'ready':
      case 'readyPlain': {
        const capabilities = each.proves ? CAN_PROVE : 0;
        const ready = {
          kind: 'ready' as const,
          service: each.service,
          credit: 2,
          ...INTRODUCTION,
          capabilities,
        };
        bench.say(each.peer, ready, each.do === 'ready' ? PACKED : mdp02);
        break;
      }
      case 'policy':
        authority.key.rights = rightsOf(each.rights['key']);
        authority.nobody.rights = rightsOf(each.rights['stranger']);
        core.recheck(bench.now);
        core.settle(bench.now);
        break;
      case 'gone':
        authority.shutOut.delete(each.peer);
        core.peerGone(each.peer, 'connection_closed', bench.now);
        core.settle(bench.now);
        break;
      case 'wait':
        bench.tickAfter(each.ms);
        break;
    }
    for (const { identity, service, held } of core.workers.values()) {
      expect(identity?.rights?.mayServe(service.name)).toBe(true);
      for (const { state, client } of held.values()) {
        if (state !== 'held') continue;
        expect((client.identity ?? authority.nobody).rights?.mayRequest(service.name)).toBe(true);
      }
    }
    for (const { queue, name } of core.services.values()) {
      const oldest = queue.oldest;
      if (!oldest) continue;
      expect((oldest.client.identity ?? authority.nobody).rights?.mayRequest(name)).toBe(true);
    }
    const { counters } = core;
    expect(authority.key.meter?.pending).toBe(0);
    expect(counters.requests).toBeGreaterThanOrEqual(counters.unauthorized);
  }
  happened.registered += core.counters.workersRegistered;
  happened.denied += core.counters.unauthorized;
  for (const event of bench.events) {
    if (event.type === 'keyProven') happened.proven++;
    if (event.type === 'workerLost' && event.reason === 'unauthorized') happened.cutOff++;
  }
  // Nobody is left in a session that proves nothing.
  for (let n = 0; n < 3; n++) bench.tickAfter(SILENCE_MS);
  for (const peer of PEERS) expect(core.inSession(peer)).toBe(false);
}

test('whoever does what, under rights that change: workers and what waits are allowed, sessions end', () => {
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 100, size: 'max' }), run), {
    numRuns: 200,
  });
  for (const times of Object.values(happened)) expect(times).toBeGreaterThan(20);
});
