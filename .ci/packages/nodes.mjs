// The versions of Node that the packages must run on: binaries from npm, kept between runs.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './processes.mjs';

/**
 * @typedef {{
 *   major: number, version: string, execPath: string, own: boolean,
 *   headers: string | undefined,
 * }} Node `own`: the one that runs this; `headers`: the folder to compile addons with, where it is not
 */

/** The majors that are supported: all that are neither past their end of life nor odd. */
export const MAJORS = [20, 22, 24];

/**
 * What to run with a given version: it comes first in PATH, and addons are compiled for it.
 * @param {Node} node
 * @returns {Record<string, string>}
 */
export function environmentOf(node) {
  return {
    PATH: `${dirname(node.execPath)}:${process.env['PATH']}`,
    ...(node.headers === undefined ? {} : { npm_config_nodedir: node.headers }),
  };
}

/**
 * The Node that runs this, and the others that can be had. For each that cannot, a line that begins with `skipped` is
 * printed, which `.ci/run` takes for a failure.
 * @param {string} cache where they are kept
 * @returns {Promise<Node[]>}
 */
export async function nodes(cache) {
  const own = Number(process.versions.node.split('.')[0]);
  const found = await Promise.all(
    MAJORS.map((major) => (major === own ? { ...self(), major } : fetchNode(cache, major))),
  );
  if (!MAJORS.includes(own))
    console.log(`note     Node ${own} runs this, and is none of ${MAJORS.join(', ')}`);
  return found.filter((node) => node !== undefined);
}

/** @returns {Node} */
export function self() {
  const { execPath, version } = process;
  return {
    major: Number(process.versions.node.split('.')[0]),
    version,
    execPath,
    own: true,
    headers: undefined,
  };
}

/**
 * @param {string} cache
 * @param {number} major
 * @returns {Promise<Node | undefined>}
 */
async function fetchNode(cache, major) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(cache, `${name}-${major}`);
  const headers = join(folder, 'node_modules', name);
  const execPath = join(headers, 'bin', 'node');
  try {
    if (!existsSync(execPath)) await install(cache, folder, `${name}@${major}`);
    const version = (await run(execPath, ['--version'])).trim();
    return { major, version, execPath, own: false, headers };
  } catch (error) {
    const lines = /** @type {Error} */ (error).message.split('\n');
    const why = lines.filter((line) => line.startsWith('npm error')).slice(0, 3);
    console.log(
      `skipped  Node ${major}: ${name}@${major} cannot be had here. ${(why.length > 0 ? why : lines).join('; ')}`,
    );
    return undefined;
  }
}

/**
 * @param {string} cache
 * @param {string} folder
 * @param {string} spec
 */
async function install(cache, folder, spec) {
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    writeFileSync(join(draft, 'package.json'), '{ "private": true }');
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', spec];
    await run('npm', args, { cwd: draft, timeoutMs: 300_000 });
    // Whole or not at all, also where two runs fetch at once.
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
