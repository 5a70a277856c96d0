// A release of what is committed, in a clone that is thrown away: versions, changelogs and tags as lerna makes them, and
// the packages published to a registry within this process.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../packages/processes.mjs';
import { allPackages, ownNeeds, publicPackages, ROOT } from '../packages/workspace.mjs';
import { complaintsAboutManifests } from './manifests.mjs';
import { emptyRegistry } from './registry.mjs';

const LERNA = join(ROOT, 'node_modules', '.bin', 'lerna');
const ENVIRONMENT = {
  // No server of nx that goes on after its command.
  NX_DAEMON: 'false',
  GIT_AUTHOR_NAME: 'dry run',
  GIT_AUTHOR_EMAIL: 'dry-run@localhost',
  GIT_COMMITTER_NAME: 'dry run',
  GIT_COMMITTER_EMAIL: 'dry-run@localhost',
};

/** The machine that this runs on may be one that can prove where it builds; a dry run states nothing. */
const NOWHERE = { GITHUB_ACTIONS: '', GITLAB_CI: '', NPM_CONFIG_PROVENANCE: 'false' };

/**
 * @param {string} clone
 * @param {string} command
 * @param {...string} args
 */
const within = (clone, command, ...args) =>
  run(command, args, { cwd: clone, env: ENVIRONMENT, timeoutMs: 300_000 });

/**
 * Versions everything, whether or not it has changed.
 * @param {string} clone where to clone to; it does not exist yet
 * @returns {Promise<string[]>} what was released, as NAME@VERSION
 * @throws {Error} where a release would not be whole
 */
export async function version(clone) {
  await run('git', ['clone', '--quiet', ROOT, clone]);
  await within(clone, 'git', 'checkout', '--quiet', '-B', 'main');
  const before = new Map(allPackages(clone).map(({ manifest }) => [manifest.name, manifest.version]));
  await within(clone, LERNA, 'version', '--force-publish', '--no-push', '--yes', '--loglevel', 'error');

  const complaints = complaintsAboutManifests(clone);
  const tags = (await within(clone, 'git', 'tag', '--points-at', 'HEAD')).split('\n');
  const released = publicPackages(clone).map(({ directory, manifest: { name, version } }) => {
    if (version === before.get(name)) complaints.push(`${name} is ${version} as before`);
    if (!tags.includes(`${name}@${version}`)) complaints.push(`there is no tag ${name}@${version}`);
    const changelog = readFileSync(join(directory, 'CHANGELOG.md'), 'utf8');
    const heading = /^##? \[?(\d+\.\d+\.\d+)/m.exec(changelog)?.[1];
    if (heading !== version)
      complaints.push(`the changelog of ${name} begins with ${heading}, not ${version}`);
    if (changelog.includes('## Unreleased'))
      complaints.push(`the changelog of ${name} has something unreleased`);
    return `${name}@${version}`;
  });
  const changed = (await within(clone, 'git', 'status', '--porcelain')).trim();
  if (changed !== '') complaints.push(`the release has not committed all that it changed:\n${changed}`);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  return released;
}

/**
 * Publishes what was versioned, as built here.
 * @param {string} clone
 * @returns {Promise<string[]>} names, in the order in which the registry got them
 * @throws {Error} where the registry got something wrong, or in the wrong order
 */
export async function publish(clone) {
  for (const { folder } of publicPackages()) {
    const built = join('packages', folder, 'dist');
    cpSync(join(ROOT, built), join(clone, built), { recursive: true });
  }
  const { port, taken, close } = await emptyRegistry();
  try {
    await lernaPublish(clone, port);
  } finally {
    await close();
  }

  const complaints = [];
  const expected = publicPackages(clone);
  const order = taken.map(({ name }) => name);
  for (const { manifest } of expected) {
    const publication = taken.find(({ name }) => name === manifest.name);
    const sent = publication?.versions[manifest.version];
    if (publication === undefined || sent === undefined) {
      complaints.push(`${manifest.name}@${manifest.version} was not published`);
      continue;
    }
    if (publication.access !== 'public') complaints.push(`${manifest.name} was published for some only`);
    if (publication['dist-tags']['latest'] !== manifest.version)
      complaints.push(`${manifest.name} is not the latest`);
    for (const need of ownNeeds(manifest)) {
      if (order.indexOf(need) < order.indexOf(manifest.name)) continue;
      complaints.push(`${manifest.name} was published before ${need}, which it depends on`);
    }
  }
  if (order.length !== expected.length) complaints.push(`published: ${order.join(', ')}`);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  return order;
}

/**
 * A release that is to state its provenance, from a machine that cannot prove it, publishes nothing.
 * @param {string} clone
 * @throws {Error} where something was published without
 */
export async function refuseUnproven(clone) {
  const { port, taken, close } = await emptyRegistry();
  try {
    const outcome = await lernaPublish(clone, port, { NPM_CONFIG_PROVENANCE: 'true' }).then(
      () => 'it succeeded',
      (error) => String(error.message),
    );
    if (taken.length > 0)
      throw new Error(`published without provenance: ${taken.map(({ name }) => name).join(', ')}`);
    if (!/provenance/i.test(outcome)) throw new Error(`provenance was not the reason: ${outcome}`);
  } finally {
    await close();
  }
}

/**
 * @param {string} clone
 * @param {number} port of the registry
 * @param {Record<string, string>} [environment]
 */
async function lernaPublish(clone, port, environment = {}) {
  const registry = `http://127.0.0.1:${port}/`;
  const npmrc = join(clone, '.git', 'npmrc');
  writeFileSync(npmrc, `registry=${registry}\n//127.0.0.1:${port}/:_authToken=dry-run\n`);
  const args = ['publish', 'from-package', '--yes', '--registry', registry, '--loglevel', 'error'];
  const env = { ...ENVIRONMENT, ...NOWHERE, ...environment, NPM_CONFIG_USERCONFIG: npmrc };
  await run(LERNA, args, { cwd: clone, env, timeoutMs: 300_000 });
}
