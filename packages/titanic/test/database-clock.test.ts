import { setImmediate as turn } from 'node:timers/promises';
import { DatabaseClock } from '../src/store/postgres/database-clock';
import { T0 } from './support/requests';

/** A database whose clock is 7 s behind, and a machine whose clock can be set. */
class Place {
  passed = 1_000;
  set = 0;
  /** What passes before the question is answered, in ms, and after. */
  there = 0;
  back = 0;
  asked = 0;
  fails = false;

  get database(): number {
    return T0 + this.passed;
  }

  readonly clock = new DatabaseClock(
    async () => {
      this.asked++;
      if (this.fails) throw new Error('it is not there');
      this.passed += this.there;
      const time = this.database;
      await turn();
      this.passed += this.back;
      return time;
    },
    { wall: () => T0 + 7_000 + this.passed + this.set, passed: () => this.passed },
  );
}

test('it goes with that of the database, and is not ahead of it, however long an answer takes', async () => {
  const place = new Place();
  place.there = 4_000;
  place.back = 40;
  await place.clock.look();
  expect(place.database - place.clock.now()).toBe(40);
  place.passed += 60_000;
  expect(place.database - place.clock.now()).toBe(40);
  place.back = 3_000;
  await place.clock.look();
  expect(place.database - place.clock.now()).toBe(40);
  expect(place.asked).toBe(2);
});

test.each([3_600_000, -3_600_000])(
  'where the clock of this machine is set by %i ms, it asks, and nothing changes',
  async (step) => {
    const place = new Place();
    await place.clock.look();
    place.passed += 5_000;
    place.set = step;
    expect(place.clock.now()).toBe(place.database);
    expect(place.asked).toBe(2);
    await turn();
    await turn();
    expect(place.clock.now()).toBe(place.database);
    expect(place.asked).toBe(2);
  },
);

test('a machine that was asleep asks how late it is', async () => {
  let [passed, slept] = [1_000, 0];
  const clock = new DatabaseClock(async () => T0 + passed + slept, {
    wall: () => T0 + passed + slept,
    passed: () => passed,
  });
  await clock.look();
  slept = 600_000;
  passed += 5_000;
  expect(clock.now()).toBe(T0 + passed);
  await turn();
  expect(clock.now()).toBe(T0 + passed + slept);
});

test('a database that does not answer is asked now and then', async () => {
  const place = new Place();
  await place.clock.look();
  place.fails = true;
  place.set = 10_000;
  place.passed += 2_000;
  for (let time = 0; time < 3_000; time += 100) {
    expect(place.clock.now()).toBe(place.database);
    place.passed += 100;
    await turn();
  }
  expect(place.asked).toBe(1 + 3);
});
