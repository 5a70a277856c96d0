import { killAllProcesses, postgresBinaries, startPostgres } from '@majordomo/testkit';
import { join } from 'node:path';
import { bookEntries, Mortal } from './support/mortal';
import { scratchFolder, sweep } from './support/scratch';
import { closeAll, newBroker } from './support/service';

afterEach(closeAll);
afterEach(killAllProcesses);
afterEach(sweep);

test('titanic is killed again and again: what was answered is done, nothing before its time, nothing lost', async () => {
  const endpoint = await newBroker();
  const mortal = new Mortal(endpoint, join(scratchFolder(), 'requests.db'));
  await mortal.start();
  await bookEntries(endpoint, 300, [35, 90, 160, 230, 300], async () => {
    await mortal.kill();
    await mortal.start();
  });
}, 180_000);

const binaries = postgresBinaries();

test('two titanics on one PostgreSQL, one of which is killed again and again: the same', async () => {
  if (!binaries) {
    console.log('skipped: PostgreSQL is not installed (apt-get install postgresql)');
    return;
  }
  const postgres = await startPostgres(binaries);
  try {
    const endpoint = await newBroker();
    const mortals = [new Mortal(endpoint, postgres.url), new Mortal(endpoint, postgres.url)];
    await Promise.all(mortals.map((mortal) => mortal.start()));
    let turn = 0;
    await bookEntries(endpoint, 200, [35, 90, 140, 200], async () => {
      const mortal = mortals[turn++ % 2]!;
      await mortal.kill();
      await mortal.start();
    });
    await killAllProcesses();
  } finally {
    await postgres.stop();
  }
}, 240_000);
