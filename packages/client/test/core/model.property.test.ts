import * as fc from 'fast-check';
import { World } from './world';

const pick = fc.nat(1_000);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      retries: fc.nat(3),
      idempotent: fc.boolean(),
      stream: fc.boolean(),
      timeoutMs: fc.integer({ min: 1, max: 1_500 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('opened' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lost' as const), pick }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('final' as const), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('partial' as const), pick, keepsUp: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('strange' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('resume' as const), pick }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.double({ min: 0, max: 900, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.nat(10_000) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

const oneOf = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(1, items.length)];

function take(world: World, each: Step): void {
  switch (each.kind) {
    case 'submit':
      return world.submit(each);
    case 'pass':
      return world.pass(each.ms);
    case 'jump':
      return world.tickAt(world.now + each.ms);
    case 'abort': {
      const call = oneOf(world.pending, each.pick);
      if (call) world.abort(call);
      return;
    }
    case 'opened': {
      const opening = oneOf(
        world.live.filter(({ state }) => state === 'opening'),
        each.pick,
      );
      if (opening) world.opened(opening);
      return;
    }
  }
  const link = oneOf(world.live, each.pick);
  if (!link) return;
  if (each.kind === 'lost') world.lost(link);
  else if (each.kind === 'refuse') world.refuse(link);
  else if (each.kind === 'resume') world.resume(link);
  else if (each.kind === 'partial') {
    world.readerKeepsUp = each.keepsUp;
    world.reply(link, 'partial', false);
  } else world.reply(link, 'final', each.kind === 'strange');
}

const runs = fc.record({
  socketsMax: fc.integer({ min: 1, max: 5 }),
  pendingMax: fc.integer({ min: 1, max: 12 }),
  brokers: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }),
});

test('whatever calls, brokers, network and clock do: each call ends once and nothing is left', () => {
  fc.assert(
    fc.property(runs, fc.boolean(), ({ socketsMax, pendingMax, brokers, steps }, closes) => {
      const world = new World(socketsMax, pendingMax, brokers);
      for (const each of steps) take(world, each);
      if (!closes) {
        for (const link of world.live) world.resume(link);
        for (const link of world.live) if (link.state === 'opening') world.lost(link);
        world.pass(60_000);
        if (world.pending.length > 0) throw new Error('a call has no outcome long after its time');
        if (world.live.some(({ state }) => state === 'open')) throw new Error('an idle link was kept');
      }
      world.close();
    }),
    { numRuns: 1_500 },
  );
});

test('with brokers that answer in the end, every call that may be sent again gets its reply', () => {
  fc.assert(
    fc.property(runs, ({ socketsMax, brokers, steps }) => {
      const world = new World(socketsMax, 1_000, brokers);
      for (const each of steps) if (each.kind !== 'abort') take(world, each);
      const patient = { retries: 0, idempotent: true, stream: false, timeoutMs: 60_000 };
      const first = world.calls.length;
      for (let n = 0; n < 5; n++) world.submit(patient);
      for (let round = 0; round < 2_000 && world.pending.length > 0; round++) {
        for (const link of world.live) {
          world.resume(link);
          world.opened(link);
          if (link.carries) world.reply(link, 'final', false);
        }
        world.pass(10);
      }
      for (const call of world.calls.slice(first)) {
        if (!call.settled || world.now > call.submittedAt + 20_000) throw new Error('a call starved');
      }
      world.close();
    }),
    { numRuns: 300 },
  );
});
