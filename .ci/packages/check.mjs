// The packages as they are published: packed, installed from the tarballs alone into blank projects, and used there.
// With --write, docs/PACKAGES.md is written anew.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADDONS, CACHE, keepOurs } from './addons.mjs';
import { lint } from './lint.mjs';
import { installAll, prepare, runAll } from './matrix.mjs';
import { nodes, self } from './nodes.mjs';
import { pack } from './pack.mjs';
import { pairAll } from './pairings.mjs';
import { checkSizes } from './sizes.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'majordomo-packages-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const started = performance.now();
/** @param {string} line */
const say = (line) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}`);

try {
  await check();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function check() {
  const [packages, versions] = await Promise.all([pack(scratch), nodes(CACHE), keepOurs(ADDONS, self())]);
  say(
    `packed   ${packages.map(({ manifest, packed }) => `${manifest.name} ${Math.ceil(packed / 1024)} KiB`).join(', ')}`,
  );
  await lint(packages);
  say('linted   publint and "are the types wrong" have nothing to say');

  const tarballs = new Map(packages.map(({ manifest, tarball }) => [manifest.name, tarball]));
  const installed = await installAll(scratch, { nodes: versions, tarballs, addons: ADDONS });
  say(`installed ${installed.length} blank projects`);
  await checkSizes(packages, installed, { write: process.argv.includes('--write') });
  say('sizes    are within .ci/packages/budget.json, and as docs/PACKAGES.md says');

  const programs = await prepare(installed);
  say('typed    node16 (ESM and CommonJS) and bundler, strict, library types checked');
  for (const line of await runAll(installed, programs)) say(`ran      ${line}`);
  for (const line of await pairAll(scratch, { installed, tarballs, node: self(), addons: ADDONS }))
    say(`paired   ${line}`);
}
