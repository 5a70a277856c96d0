// How much a package weighs and brings along: within its budget, and as docs/PACKAGES.md says.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brought } from './project.mjs';
import { readTable, table } from './table.mjs';
import { ROOT } from './workspace.mjs';

/**
 * @typedef {{ tarballKiB: number, unpackedKiB: number, dependencies: number, installs: number }} Size `dependencies`: what
 *   its package.json lists; `installs`: how many packages come with it, those included
 */

const BUDGET = '.ci/packages/budget.json';
const TABLE = 'docs/PACKAGES.md';

/** How far a size may be from the table before that is to be written anew: a tenth, and so much at least. */
const SLACK = { tarballKiB: 3, unpackedKiB: 12, dependencies: 0, installs: 2 };

/**
 * @param {import('./pack.mjs').Packed[]} packages
 * @param {import('./matrix.mjs').Project[]} installed
 * @param {{ write: boolean }} options `write`: the table, anew, instead of a comparison with it
 * @throws {Error} with all that is beyond the budget, or far from the table
 */
export async function checkSizes(packages, installed, { write }) {
  const sizes = new Map(packages.map((one) => [one.manifest.name, sizeOf(one, installed)]));
  const complaints = overBudget(sizes);
  if (write) {
    writeFileSync(join(ROOT, TABLE), await table(packages, sizes));
  } else {
    complaints.push(...strayed(sizes, readTable(readFileSync(join(ROOT, TABLE), 'utf8'))));
  }
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}

/**
 * @param {import('./pack.mjs').Packed} one
 * @param {import('./matrix.mjs').Project[]} installed
 * @returns {Size}
 */
function sizeOf({ folder, manifest, packed, unpacked }, installed) {
  const alone = installed.find(({ name, node }) => name === folder && node.own);
  if (alone === undefined) throw new Error(`${manifest.name} is not installed alone`);
  return {
    tarballKiB: Math.ceil(packed / 1024),
    unpackedKiB: Math.ceil(unpacked / 1024),
    dependencies: Object.keys(manifest.dependencies ?? {}).length,
    installs: brought(alone.directory).length - 1,
  };
}

/**
 * @param {Map<string, Size>} sizes
 * @returns {string[]} complaints
 */
function overBudget(sizes) {
  /** @type {Record<string, Size>} */
  const budgets = JSON.parse(readFileSync(join(ROOT, BUDGET), 'utf8'));
  const complaints = Object.keys(budgets)
    .filter((name) => !sizes.has(name))
    .map((name) => `${BUDGET} has ${name}, which is no public package`);
  for (const [name, size] of sizes) {
    const budget = budgets[name];
    if (budget === undefined) {
      complaints.push(`${BUDGET} lacks ${name}; it has ${JSON.stringify(size)} now`);
      continue;
    }
    for (const unit of units(size)) {
      if (size[unit] <= budget[unit]) continue;
      complaints.push(`${name} has ${unit} ${size[unit]}, and a budget of ${budget[unit]} (${BUDGET})`);
    }
  }
  return complaints;
}

/**
 * @param {Map<string, Size>} sizes
 * @param {Map<string, Size>} recorded
 * @returns {string[]} complaints
 */
function strayed(sizes, recorded) {
  const complaints = [...recorded.keys()]
    .filter((name) => !sizes.has(name))
    .map((name) => `has ${name}, which is no public package`);
  for (const [name, size] of sizes) {
    const old = recorded.get(name);
    if (old === undefined) complaints.push(`lacks ${name}`);
    else {
      complaints.push(
        ...units(size)
          .filter((unit) => Math.abs(size[unit] - old[unit]) > Math.max(SLACK[unit], old[unit] / 10))
          .map((unit) => `says that ${name} has ${unit} ${old[unit]}, and it has ${size[unit]}`),
      );
    }
  }
  return complaints.map((complaint) => `${TABLE} ${complaint}: npm run check:packages -- --write`);
}

/** @param {Size} size */
function units(size) {
  return /** @type {(keyof Size)[]} */ (Object.keys(size));
}
