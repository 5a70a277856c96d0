// Blank projects, in which packages are installed from tarballs and nothing else of this repository is.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf } from './nodes.mjs';
import { run } from './processes.mjs';

/** What a user of TypeScript has beside the packages. */
const TYPES = { '@types/node': '^20.19.0' };

/**
 * @param {{
 *   directory: string,
 *   node: import('./nodes.mjs').Node,
 *   wanted: string[],
 *   tarballs: Map<string, string>,
 *   environment: Record<string, string>,
 *   others?: Record<string, string>,
 * }} project `wanted`: names of packages that the project depends on. What those depend on of ours comes from
 *   `tarballs` (paths by name) as well, and all else from the registry. `others`: versions by name of packages of others
 *   that it depends on.
 */
export async function install({ directory, node, wanted, tarballs, environment, others = {} }) {
  mkdirSync(directory, { recursive: true });
  const spec = (/** @type {string} */ name) => `file:${tarballs.get(name)}`;
  const manifest = {
    name: 'blank',
    private: true,
    dependencies: { ...others, ...Object.fromEntries(wanted.map((name) => [name, spec(name)])) },
    devDependencies: TYPES,
    overrides: Object.fromEntries(
      [...tarballs.keys()].filter((name) => !wanted.includes(name)).map((name) => [name, spec(name)]),
    ),
  };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, undefined, 2));
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, {
    cwd: directory,
    env: { ...environmentOf(node), ...environment },
    timeoutMs: 600_000,
  });
}

/**
 * What an installation has brought, development aside.
 * @param {string} directory
 * @returns {string[]} names, one for each copy
 */
export function brought(directory) {
  /** @type {{ packages: Record<string, { dev?: boolean }> }} */
  const { packages } = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
}
