import { DISCONNECT, DRAINING, HEARTBEAT } from '@majordomo/protocol';
import * as fc from 'fast-check';
import { packedRequest, PackedWorld, welcome } from './fake-packed-effects';

type Input = (world: PackedWorld) => void;

const ref = fc.constantFrom(1, 2, 3, 65, 129);

/** Does something to the last job of a reference, if there was one. */
const toJob =
  (act: (world: PackedWorld, ref: number) => unknown) =>
  (which: number): Input =>
  (world) => {
    if (world.jobs.some((job) => job.ref === which)) act(world, which);
  };

const input: fc.Arbitrary<Input> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.integer({ min: 0, max: 200 }).map(
      (ms): Input =>
        (world) =>
          world.pass(ms),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.record({ ref, remainingMs: fc.constantFrom(0, 0, 1, 50) }).map(
      ({ ref: which, remainingMs }): Input =>
        (world) =>
          world.receive(packedRequest(which, { remainingMs })),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.oneof(
      ref.map(toJob((world, which) => world.finish(which))),
      ref.map(toJob((world, which) => world.fail(which))),
      ref.map(toJob((world, which) => world.job(which).window > 0 && world.partial(which))),
      ref.map(
        (which): Input =>
          (world) =>
            world.receive({ kind: 'cancel', ref: which }),
      ),
      ref.map(
        (which): Input =>
          (world) =>
            world.receive({ kind: 'window', ref: which, more: 1 }),
      ),
      fc.integer({ min: 1, max: 6 }).map(
        (credit): Input =>
          (world) =>
            world.session.setCredit(credit),
      ),
      fc.constantFrom<Input>(
        (world) => world.open(),
        (world) => world.receive(welcome()),
        (world) => world.receive(HEARTBEAT),
        (world) => world.session.flushed(world.now),
        (world) => world.session.linkClosed('gone', world.now),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Input>(
      (world) => world.receive(DISCONNECT),
      (world) => world.receive(DRAINING),
      (world) => world.session.standAside(),
      (world) => world.session.again(true, world.now),
      (world) => world.session.refused('truncated', world.now),
      (world) => world.session.leave(),
      (world) => world.session.close(),
    ),
  },
);

/** What must hold of the effects of any session, whatever happened to it. */
class Checker {
  #link: 'none' | 'made' | 'ready' = 'none';
  #registered = false;
  #closed = false;
  #draining = false;
  /** Jobs that the broker waits for, and those that are to be aborted before anything else. */
  readonly #held = new Set<string>();
  readonly #orphans = new Set<string>();

  get held(): number {
    return this.#held.size;
  }

  see(effect: string): void {
    expect(this.#closed).toBe(false);
    const [what, detail, which = ''] = effect.split(' ');
    switch (what) {
      case 'openLink':
        expect([this.#link, this.#orphans.size]).toEqual(['none', 0]);
        this.#link = 'made';
        this.#draining = false;
        break;
      case 'closeLink':
        this.#link = 'none';
        this.#registered = false;
        for (const job of this.#held) this.#orphans.add(job);
        this.#held.clear();
        break;
      case 'send':
        this.#sent(detail ?? '', which);
        break;
      case 'registered':
        expect(this.#link).toBe('ready');
        this.#registered = true;
        break;
      case 'startJob':
        expect([this.#registered, this.#held.has(detail ?? '')]).toEqual([true, false]);
        this.#held.add(detail ?? '');
        break;
      case 'abortJob':
        expect(this.#orphans.delete(detail ?? '') || this.#held.has(detail ?? '')).toBe(true);
        break;
      case 'lost':
        expect(this.#orphans.size).toBe(0);
        break;
      case 'closed':
        expect([this.#link, this.#orphans.size]).toEqual(['none', 0]);
        this.#closed = true;
    }
  }

  #sent(kind: string, which: string): void {
    expect(this.#link).toBe(kind === 'ready' ? 'made' : 'ready');
    if (kind === 'ready') this.#link = 'ready';
    if (kind === 'partial') expect(this.#held.has(which)).toBe(true);
    if (kind === 'final' || kind === 'failure') expect(this.#held.delete(which)).toBe(true);
    if (kind === 'draining') {
      expect(this.#draining).toBe(false);
      this.#draining = true;
    }
  }
}

test('whatever happens in whatever order, no rule is broken and no transition is forbidden', () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 80 }), fc.boolean(), (inputs, welcomed) => {
      const world = new PackedWorld().start();
      if (welcomed) world.open().receive(welcome());
      const checker = new Checker();
      for (const effect of world.effects()) checker.see(effect);
      for (const step of inputs) {
        step(world);
        for (const effect of world.effects()) checker.see(effect);
        expect(world.session.held).toBe(checker.held);
      }
      world.session.close();
      for (const effect of world.effects()) checker.see(effect);
      expect([world.session.state, world.session.nextWakeAt]).toEqual(['closed', Infinity]);
    }),
    { numRuns: 1_000 },
  );
});
