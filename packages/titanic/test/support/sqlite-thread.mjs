// The thread of the SQLite store, from the sources.
import { run } from './register.mjs';

run('../../src/store/sqlite/thread.ts');
