// What a guide takes for installed: servers, started for its trial alone, and programs.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { redisIsInstalled, startRedis } from '../../examples/migration/redis.mjs';
import { root } from './documents.mjs';

/**
 * What a trial is provided with.
 * @typedef {object} Provision
 * @property {string} value - what variables are set to that the guide exports: an address
 * @property {string} [path] - a folder that comes first on the path
 * @property {() => Promise<void>} stop
 */

/** @typedef {(scratch: string) => Promise<Provision | string>} Provide - a string says why it cannot be had */

/** @type {Provide} */
async function redis() {
  if (!redisIsInstalled()) return 'redis-server is not installed (apt-get install redis-server)';
  const server = await startRedis();
  return { value: server.redis.path, stop: () => server.close() };
}

/** @type {Provide} */
async function postgres(scratch) {
  const bundle = join(scratch, 'postgres.mjs');
  const source = join(root, 'packages/testkit/src/postgres.ts');
  await build({ entryPoints: [source], outfile: bundle, bundle: true, platform: 'node', format: 'esm' });
  /** @type {typeof import('../../packages/testkit/src/postgres')} */
  const { postgresBinaries, startPostgres } = await import(pathToFileURL(bundle).href);
  const binaries = postgresBinaries();
  if (binaries === undefined) return 'PostgreSQL is not installed (apt-get install postgresql)';
  const server = await startPostgres(binaries);
  return { value: server.url, stop: () => server.stop() };
}

/** The system's Python may have it where another one that comes first on the path has not. @type {Provide} */
async function pyzmq(scratch) {
  const python = ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', 'import zmq']).status === 0,
  );
  if (python === undefined) return 'no python3 has pyzmq (apt-get install python3-zmq)';
  const path = mkdtempSync(join(scratch, 'python-'));
  const program = join(path, 'python3');
  const found = spawnSync(python, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  writeFileSync(program, `#!/bin/sh\nexec '${found.stdout.trim()}' "$@"\n`);
  chmodSync(program, 0o755);
  return { value: '', path, stop: () => Promise.resolve() };
}

/** By the name in `<!-- provided: NAME -->`. @type {Record<string, Provide>} */
export const PROVISIONS = { redis, postgres, pyzmq };
