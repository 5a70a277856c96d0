// Keeps the packages as they are now: what is changed from here on is tried beside them. Run after a release, on what was
// released, with everything built.
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FIXTURES, pack } from './pack.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'majordomo-keep-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const packages = await pack(scratch);
for (const file of readdirSync(FIXTURES)) rmSync(join(FIXTURES, file));
for (const { tarball } of packages) copyFileSync(tarball, join(FIXTURES, basename(tarball)));
const bytes = packages.reduce((sum, { packed }) => sum + packed, 0);
const kept = packages.map(({ manifest }) => `${manifest.name}@${manifest.version}`);
console.log(`kept     ${kept.join(', ')}: ${Math.ceil(bytes / 1024)} KiB`);
