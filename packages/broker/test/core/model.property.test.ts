import * as fc from 'fast-check';
import { World, type Step } from './world';

/*
 * Random histories of a broker, watched by a checker that knows nothing of how the core works: see world.ts
 * for what it checks after every step. A failure prints its seed and the shortest history that fails.
 */

const ENDS = ['abandon', 'serve', 'stop'] as const;
const SERVICES = ['a', 'b', 'c'];
const CLIENTS = ['c0', 'c1', 'c2', 'c3'];
const WORKERS = ['w0', 'w1', 'w2', 'w3', 'w4', 'c0'];

const client = fc.constantFrom(...CLIENTS);
const worker = fc.constantFrom(...WORKERS);
const service = fc.constantFrom(...SERVICES);
const bytes = fc.nat({ max: 30 });
/** Which of the requests that a worker was ever sent: mostly the newest, seldom one that it has answered. */
const back = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      client,
      service,
      bytes,
      dialect: fc.constantFrom('mdp/0.1' as const, 'mdp/0.2' as const, 'req' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ready' as const),
      worker,
      service,
      dialect: fc.constantFrom('mdp/0.1' as const, 'mdp/0.2' as const),
      credit: fc.constantFrom(1, 1, 1, 3),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('final' as const), worker, back, bytes }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('partial' as const), worker, back, bytes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heartbeat' as const), worker }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), worker }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('forge' as const), worker, ref: fc.string({ minLength: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('garbage' as const), worker }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('gone' as const), peer: fc.oneof(client, worker) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 50, 99, 100, 400, 2_000),
    }),
  },
);

test('whatever happens, requests end once, replies reach who asked, and bounds and sums hold', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), fc.constantFrom(...ENDS), (steps, end) => {
      const world = new World();
      for (const each of steps) world.take(each);
      world[end]();
    }),
    { numRuns: 600 },
  );
});
