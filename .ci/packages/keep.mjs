// Keeps the packages as they are now: what is changed from here on is tried beside them. Run after a release, on what was
// released, with everything built.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURES, pack } from './pack.mjs';

for (const file of readdirSync(FIXTURES)) rmSync(join(FIXTURES, file));
const packages = await pack(FIXTURES);
const bytes = packages.reduce((sum, { packed }) => sum + packed, 0);
console.log(`kept     ${packages.map(({ manifest }) => `${manifest.name}@${manifest.version}`).join(', ')}`);
console.log(`         ${(bytes / 1024).toFixed(0)} KiB in ${FIXTURES}`);
