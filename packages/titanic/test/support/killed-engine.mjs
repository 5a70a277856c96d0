// A process that lives through the script of engine-script.ts, and kills itself before one statement of SQLite.
import { run } from './register.mjs';

run('./killed-engine.ts');
