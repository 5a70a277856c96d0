import { leakCheck } from '@majordomo/testkit';
import { join } from 'node:path';
import { storeConformance } from './store-conformance';
import { openSqlite, scratchFolder, sweep } from './support/scratch';

leakCheck();
afterEach(sweep);

storeConformance('the SQLite store', async ({ now }, bounds) => {
  const options = { file: join(scratchFolder(), 'requests.db'), ...bounds };
  const store = await openSqlite(options, { now });
  return {
    store,
    crash: async () => {
      await store.close();
      return openSqlite(options, { now });
    },
  };
});
