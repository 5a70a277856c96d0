import { DISCONNECT, HEARTBEAT } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { FakeWorld, bodyOf, request } from './fake-effects';

type Input = (world: FakeWorld) => void;

const input: fc.Arbitrary<Input> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.integer({ min: 0, max: 400 }).map(
      (ms): Input =>
        (world) =>
          world.pass(ms),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom<Input>(
      (world) => world.open(),
      (world) => world.receive(HEARTBEAT),
      (world) => world.receive(request()),
      (world) => world.session.linkClosed('gone', world.now),
      (world) => world.jobs.length > 0 && world.session.partial(world.job, bodyOf('p'), world.now),
      (world) => world.jobs.length > 0 && world.session.finish(world.job, bodyOf('f'), world.now),
      (world) => world.jobs.length > 0 && world.session.giveBack(world.job, world.now),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Input>(
      (world) => world.receive(DISCONNECT),
      (world) => world.session.leave(world.now),
      (world) => world.session.close(world.now),
    ),
  },
);

/** What must hold of the effects of any session, whatever happened to it. */
class Checker {
  #link: 'none' | 'made' | 'ready' = 'none';
  #job = false;
  #closed = false;

  see(effect: string): void {
    expect(this.#closed).toBe(false);
    const [what, kind] = effect.split(' ');
    if (what === 'openLink') {
      expect(this.#link).toBe('none');
      this.#link = 'made';
    } else if (what === 'closeLink') {
      this.#link = 'none';
      this.#job = false;
    } else if (what === 'send') {
      expect(this.#link).toBe(kind === 'ready' ? 'made' : 'ready');
      if (kind === 'ready') this.#link = 'ready';
      if (kind === 'partial' || kind === 'final') expect(this.#job).toBe(true);
      if (kind === 'final') this.#job = false;
    } else if (what === 'startJob') {
      expect([this.#link, this.#job]).toEqual(['ready', false]);
      this.#job = true;
    } else if (what === 'closed') {
      this.#closed = true;
    }
  }
}

test('whatever happens in whatever order, no rule is broken and no transition is forbidden', () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
      const world = new FakeWorld().start();
      const checker = new Checker();
      for (const step of inputs) {
        step(world);
        for (const effect of world.effects()) checker.see(effect);
      }
      world.session.close(world.now);
      for (const effect of world.effects()) checker.see(effect);
      expect([world.session.state, world.session.nextWakeAt]).toEqual(['closed', Infinity]);
    }),
    { numRuns: 1_000 },
  );
});
