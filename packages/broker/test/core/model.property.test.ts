import * as fc from 'fast-check';
import { World, type Step } from './world';

/*
 * Random histories of a broker, watched by a checker that knows nothing of how the core works: see world.ts
 * for what it checks after every step. A failure prints its seed and the shortest history that fails.
 */

const ENDS = ['abandon', 'serve', 'stop'] as const;
const SERVICES = ['a', 'b', 'c'];
const PLAIN_CLIENTS = ['c0', 'c1', 'c2'];
const PACKED_CLIENTS = ['k0', 'k1', 'k2'];
/** Some of the clients are workers as well. */
const WORKERS = ['w0', 'w1', 'w2', 'w3', 'w4', 'c0', 'k0'];

const client = fc.constantFrom(...PLAIN_CLIENTS);
const packed = fc.constantFrom(...PACKED_CLIENTS);
const worker = fc.constantFrom(...WORKERS);
const peer = fc.constantFrom(...PLAIN_CLIENTS, ...PACKED_CLIENTS, ...WORKERS);
const service = fc.constantFrom(...SERVICES);
const bytes = fc.nat({ max: 30 });
/** Ids are few, so that some are in use. */
const id = fc.integer({ min: 1, max: 8 });
/** Which of the requests that a worker was ever sent: mostly the newest, seldom one that it has answered. */
const back = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) });
const times = fc.oneof(
  { weight: 5, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 45 }) },
);

const of = <Kind extends Step['do'], Fields extends object>(
  kinds: readonly Kind[],
  fields: {
    [Name in keyof Fields]: fc.Arbitrary<Fields[Name]>;
  },
): fc.Arbitrary<{ do: Kind } & Fields> =>
  fc.record({ do: fc.constantFrom(...kinds), ...fields }) as unknown as fc.Arbitrary<{ do: Kind } & Fields>;

const asked = {
  client: packed,
  id,
  service,
  bytes,
  remainingMs: fc.constantFrom(0, 0, 1, 60, 150, 5_000),
  window: fc.constantFrom(0, 1, 3, 100),
  priority: fc.constantFrom(0, 4, 4, 9),
  failFast: fc.constantFrom(false, false, false, true),
};
const plainly = {
  client,
  service,
  bytes,
  dialect: fc.constantFrom('mdp/0.1' as const, 'mdp/0.2' as const, 'req' as const),
};
const registered = {
  worker,
  service,
  dialect: fc.constantFrom('mdp/0.1' as const, 'mdp/0.2' as const, 'packed' as const, 'packed' as const),
};
/** More than one only where the dialect can say so. */
const credit = fc.constantFrom(0, 1, 1, 2, 3);
const ref = fc.oneof(fc.string({ minLength: 1 }), fc.integer({ min: 1_000, max: 4_294_967_295 }));

const everybody = fc.constant([...new Set([...PACKED_CLIENTS, ...WORKERS])]);

const happening = fc.oneof(
  { weight: 6, arbitrary: of(['request'], plainly) },
  { weight: 12, arbitrary: of(['ask'], asked) },
  { weight: 3, arbitrary: of(['hello'], { client: packed }) },
  { weight: 1, arbitrary: of(['quit'], { client: packed }) },
  { weight: 3, arbitrary: of(['cancel'], { client: packed, id }) },
  { weight: 6, arbitrary: of(['window'], { client: packed, id, more: fc.constantFrom(1, 2, 50) }) },
  { weight: 6, arbitrary: of(['ready'], { ...registered, credit }) },
  { weight: 3, arbitrary: of(['credit'], { worker, credit }) },
  { weight: 1, arbitrary: of(['draining'], { worker }) },
  { weight: 12, arbitrary: of(['final'], { worker, back, bytes }) },
  { weight: 3, arbitrary: of(['failure'], { worker, back, bytes }) },
  { weight: 12, arbitrary: of(['partial'], { worker, back, bytes, times }) },
  { weight: 1, arbitrary: of(['heartbeat'], { worker }) },
  { weight: 5, arbitrary: of(['beat'], { peers: everybody }) },
  { weight: 1, arbitrary: of(['disconnect'], { worker }) },
  { weight: 1, arbitrary: of(['gone'], { peers: fc.uniqueArray(peer, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: of(['congest', 'clear'], { client: fc.constantFrom('c1', 'c2') }) },
  { weight: 6, arbitrary: of(['wait'], { ms: fc.constantFrom(1, 5, 10, 50, 99, 100, 100, 150) }) },
);

const mishap = fc.oneof(
  { weight: 3, arbitrary: of(['forge'], { worker, ref }) },
  { weight: 3, arbitrary: of(['garbage'], { peer }) },
  { weight: 2, arbitrary: of(['wait'], { ms: fc.constantFrom(400, 2_000) }) },
  { weight: 12, arbitrary: happening.map((each) => ({ ...each, astray: true })) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: happening },
  { weight: 1, arbitrary: mishap },
);

/** What comes together: mostly one thing alone. */
const batch = fc.oneof(
  { weight: 2, arbitrary: step.map((each) => [each]) },
  { weight: 1, arbitrary: fc.array(step, { minLength: 2, maxLength: 8 }) },
);

/** Long ones, so that queues fill and ids come round. */
const history = fc.array(batch, { minLength: 1, maxLength: 120, size: 'max' });

test('whatever happens, requests end once, replies reach who asked, and bounds and sums hold', () => {
  fc.assert(
    fc.property(history, fc.constantFrom(...ENDS), (batches, end) => {
      const world = new World();
      for (const steps of batches) world.take(...steps);
      world[end]();
    }),
    { numRuns: 600 },
  );
});
