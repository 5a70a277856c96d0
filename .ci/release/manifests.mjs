// What package.json files must say so that packages can be released: their ranges of each other, and what npm wants to know
// of a package whose provenance it states.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { allPackages, publicPackages, readManifest, SCOPE } from '../packages/workspace.mjs';

/** @typedef {import('../packages/workspace.mjs').Manifest} Manifest */

/**
 * @param {string} root
 * @returns {string[]} what is wrong, each with the name of the package
 */
export function complaintsAboutManifests(root) {
  const packages = allPackages(root);
  const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]));
  const published = new Set(publicPackages(root).map(({ manifest }) => manifest.name));
  return [
    ...packages.flatMap(({ manifest }) => [
      ...ranges(manifest, (name) => `^${versions.get(name)}`),
      ...unpublished(manifest, published),
    ]),
    // Lerna knows nothing of the examples, so what they name must fit whatever the packages become.
    ...examples(root).flatMap((manifest) => ranges(manifest, () => '*')),
    ...packages.flatMap(({ folder, manifest }) =>
      manifest.private === true ? [] : provenance(folder, manifest),
    ),
  ];
}

/**
 * @param {Manifest} manifest
 * @param {(name: string) => string} expected
 */
function ranges({ name, dependencies, peerDependencies, optionalDependencies, devDependencies }, expected) {
  return Object.entries({ ...dependencies, ...peerDependencies, ...optionalDependencies, ...devDependencies })
    .filter(([other, range]) => other.startsWith(SCOPE) && range !== expected(other))
    .map(([other, range]) => `${name} wants ${other}@${range}; it should be ${expected(other)}`);
}

/**
 * What is published can depend on what is published only.
 * @param {Manifest} manifest
 * @param {Set<string>} published
 */
function unpublished({ name, private: isPrivate, ...kinds }, published) {
  if (isPrivate === true) return [];
  return Object.keys({ ...kinds.dependencies, ...kinds.peerDependencies, ...kinds.optionalDependencies })
    .filter((other) => other.startsWith(SCOPE) && !published.has(other))
    .map((other) => `${name} depends on ${other}, which is not published`);
}

/**
 * npm states where a package was built if it is public and names the repository it was built in; it compares the two.
 * @param {string} folder
 * @param {Manifest} manifest
 */
function provenance(folder, { name, license, repository, publishConfig, engines }) {
  const complaints = [];
  if (publishConfig?.access !== 'public') complaints.push('publishConfig.access should be "public"');
  if (repository?.type !== 'git') complaints.push('repository.type should be "git"');
  if (!/^git\+https:\/\/github\.com\/[\w-]+\/[\w-]+\.git$/.test(repository?.url ?? '')) {
    complaints.push('repository.url should be git+https://github.com/OWNER/NAME.git');
  }
  if (repository?.directory !== `packages/${folder}`)
    complaints.push(`repository.directory should be packages/${folder}`);
  if (license === undefined) complaints.push('license is missing');
  if (engines?.['node'] === undefined) complaints.push('engines.node is missing');
  return complaints.map((complaint) => `${name}: ${complaint}`);
}

/**
 * @param {string} root
 * @returns {Manifest[]}
 */
function examples(root) {
  return readdirSync(join(root, 'examples')).map((folder) => readManifest(join(root, 'examples', folder)));
}
