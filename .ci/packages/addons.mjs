// Addons that are built for one version of Node. better-sqlite3 fetches its binary from its releases; where those are out
// of reach it is compiled, which takes a minute for each version. So what was compiled is kept, in the form in which the
// installer looks for local binaries.
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './processes.mjs';
import { readManifest, ROOT } from './workspace.mjs';

/** What is the same in each run, and takes long to fetch or to compile. */
export const CACHE = join(tmpdir(), 'majordomo-packages-cache');
/** The binaries of addons among it. */
export const ADDONS = join(CACHE, 'addons');

const ADDON = 'better-sqlite3';
const BINARY = 'build/Release/better_sqlite3.node';

/**
 * @param {string} project
 * @returns {boolean} whether what is installed there runs on one version of Node only
 */
export function boundToNode(project) {
  return existsSync(join(project, 'node_modules', ADDON));
}

/**
 * What makes installations find the binaries that were kept.
 * @param {string} cache
 * @returns {Record<string, string>}
 */
export function keptAddons(cache) {
  return { npm_config_better_sqlite3_local_prebuilds: cache };
}

/**
 * Keeps the binary of a project for other installations with the same Node.
 * @param {string} cache
 * @param {string} project
 * @param {import('./nodes.mjs').Node} node
 */
export async function keepAddon(cache, project, node) {
  const folder = join(project, 'node_modules', ADDON);
  if (!existsSync(join(folder, BINARY))) return;
  const abi = (await run(node.execPath, ['-p', 'process.versions.modules'])).trim();
  const { version } = readManifest(folder);
  const tarball = join(cache, `${ADDON}-v${version}-node-v${abi}-${process.platform}-${process.arch}.tar.gz`);
  if (existsSync(tarball)) return;
  mkdirSync(dirname(tarball), { recursive: true });
  await run('tar', ['-czf', tarball, '-C', folder, BINARY]);
}

/**
 * Keeps the binary that `npm ci` of this repository has made.
 * @param {string} cache
 * @param {import('./nodes.mjs').Node} own
 */
export async function keepOurs(cache, own) {
  await keepAddon(cache, ROOT, own);
}
