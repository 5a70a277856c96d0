// The packages of this repository that are published, as their package.json say.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The scope of all our packages. */
export const SCOPE = '@majordomo/';

/**
 * @typedef {{
 *   name: string, version: string, description?: string, license?: string, private?: boolean,
 *   repository?: { type?: string, url?: string, directory?: string },
 *   publishConfig?: { access?: string, provenance?: boolean },
 *   bin?: Record<string, string>, engines?: Record<string, string>,
 *   dependencies?: Record<string, string>, devDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string>, optionalDependencies?: Record<string, string>,
 * }} Manifest
 * @typedef {{ folder: string, directory: string, manifest: Manifest }} Package
 */

/**
 * @param {string} [root]
 * @returns {Package[]} of `packages/`, private ones included, by name
 */
export function allPackages(root = ROOT) {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((folder) => {
      const directory = join(root, 'packages', folder);
      return { folder, directory, manifest: readManifest(directory) };
    });
}

/**
 * @param {string} [root]
 * @returns {Package[]} what is published, each after all that it depends on
 * @throws {Error} where packages depend on each other in a circle
 */
export function publicPackages(root = ROOT) {
  const waiting = allPackages(root).filter(({ manifest }) => manifest.private !== true);
  /** @type {Package[]} */
  const ordered = [];
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ manifest }) =>
      ownNeeds(manifest).every((name) => !waiting.some((other) => other.manifest.name === name)),
    );
    if (at < 0) throw new Error(`a circle: ${waiting.map(({ manifest }) => manifest.name).join(', ')}`);
    ordered.push(...waiting.splice(at, 1));
  }
  return ordered;
}

/**
 * @param {Manifest} manifest
 * @returns {string[]} the names of those of our packages that it depends on
 */
export function ownNeeds(manifest) {
  return Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith(SCOPE));
}

/**
 * @param {string} directory
 * @returns {Manifest}
 */
export function readManifest(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}
