// A titanic on a SQLite file, as a process of its own, to be killed.
import { run } from './register.mjs';

run('./titanic-process.ts');
