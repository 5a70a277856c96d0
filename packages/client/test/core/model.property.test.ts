import type { DialectName, Protocol } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { World } from './world';

const pick = fc.nat(1_000);
const dialect = fc.constantFrom<DialectName>('packed', 'packed', 'mdp/0.2', 'mdp/0.1');

/** A step of a kind that concerns one link or call. */
const one = <Kind extends string>(weight: number, kind: Kind) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), pick }),
});

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
  one(8, 'opened'),
  one(8, 'greeted'),
  one(1, 'silent'),
  one(3, 'lost'),
  one(8, 'final'),
  one(2, 'replyAll'),
  one(1, 'fail'),
  one(1, 'drain'),
  one(1, 'drainingFailure'),
  one(3, 'heartbeat'),
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('partial' as const), pick, keepsUp: fc.boolean() }),
  },
  one(1, 'strange'),
  one(1, 'refuse'),
  one(2, 'abort'),
  one(3, 'resume'),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.double({ min: 0, max: 900, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.nat(10_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), pick, speaks: dialect }) },
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
    case 'change':
      return world.options.protocol === 'auto' ? world.change(each.pick, each.speaks) : undefined;
    case 'resume':
      return world.resume();
    case 'abort': {
      const call = oneOf(world.pending, each.pick);
      if (call) world.abort(call);
      return;
    }
    case 'opened':
    case 'greeted': {
      const state = each.kind === 'opened' ? 'opening' : 'greeting';
      const link = oneOf(
        world.live.filter((live) => live.state === state),
        each.pick,
      );
      if (link) world[each.kind](link);
      return;
    }
  }
  const link = oneOf(world.live, each.pick);
  if (!link) return;
  switch (each.kind) {
    case 'lost':
    case 'refuse':
    case 'silent':
    case 'replyAll':
    case 'drain':
    case 'heartbeat':
      return world[each.kind](link);
    case 'fail':
      return world.fail(link, 'EXPIRED');
    case 'drainingFailure':
      return world.fail(link, 'BROKER_DRAINING');
    case 'partial':
      world.readerKeepsUp = each.keepsUp;
      return world.reply(link, 'partial', false);
    case 'final':
    case 'strange':
      return world.reply(link, 'final', each.kind === 'strange');
  }
}

const runs = (protocol: Protocol, speaks: fc.Arbitrary<DialectName>) =>
  fc.record({
    protocol: fc.constant(protocol),
    socketsMax: fc.integer({ min: 1, max: 5 }),
    pendingMax: fc.integer({ min: 1, max: 12 }),
    brokers: fc.array(speaks, { minLength: 1, maxLength: 3 }),
    steps: fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }),
  });

const populations = [
  { protocol: 'mdp/0.2' as const, speaks: fc.constant<DialectName>('mdp/0.2') },
  { protocol: 'packed' as const, speaks: fc.constant<DialectName>('packed') },
  { protocol: 'auto' as const, speaks: dialect },
];

describe.each(populations)('$protocol', ({ protocol, speaks }) => {
  test('whatever calls, brokers, network and clock do: each call ends once and nothing is left', () => {
    fc.assert(
      fc.property(runs(protocol, speaks), fc.boolean(), ({ steps, ...options }, closes) => {
        const world = new World(options);
        for (const each of steps) take(world, each);
        if (!closes) {
          world.resume();
          for (const link of world.live) if (link.state === 'opening') world.lost(link);
          for (const link of world.live) world.silent(link);
          for (const link of world.live) if (link.state === 'opening') world.lost(link);
          world.pass(60_000);
          if (world.pending.length > 0) throw new Error('a call has no outcome long after its time');
          const kept = world.live.filter(({ state }) => state === 'open').length;
          const mayBeKept = protocol === 'auto' ? options.brokers.length : 0;
          if (kept > mayBeKept) throw new Error('an idle link was kept');
        }
        world.close();
      }),
      { numRuns: 1_500 },
    );
  });

  test('with brokers that answer in the end, every call that may be sent again gets its reply', () => {
    fc.assert(
      fc.property(runs(protocol, speaks), ({ steps, ...options }) => {
        const world = new World({ ...options, pendingMax: 1_000 });
        for (const each of steps) if (each.kind !== 'abort') take(world, each);
        const patient = { retries: 0, idempotent: true, stream: false, timeoutMs: 60_000 };
        const first = world.calls.length;
        for (let n = 0; n < 5; n++) world.submit(patient);
        for (let round = 0; round < 2_000 && world.pending.length > 0; round++) {
          world.resume();
          for (const link of world.live) {
            world.opened(link);
            world.greeted(link);
            if (link.carries) world.reply(link, 'final', false);
            world.replyAll(link);
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
});
