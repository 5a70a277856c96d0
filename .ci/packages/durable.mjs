// What one version of titanic has stored, the next one does, and the one before it as well: an upgrade can be taken back.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const PROGRAM = fileURLToPath(new URL('peers/durable.mjs', import.meta.url));

/** Which generation opens the file, one after the other. */
const ORDER = ['previous', 'current', 'previous'];

/**
 * @param {Record<string, string>} projects by generation
 * @returns {Promise<string[]>} a line for each change of hands
 */
export async function checkStores(projects) {
  const file = join(String(projects['current']), 'handed-over.db');
  /** @type {string | undefined} */
  let left;
  const lines = [];
  for (const [at, generation] of ORDER.entries()) {
    const cwd = String(projects[generation]);
    copyFileSync(PROGRAM, join(cwd, 'durable.mjs'));
    const env = { PAIRING: JSON.stringify({ file, left }) };
    const before = ORDER[at - 1];
    left = (await run(process.execPath, ['durable.mjs'], { cwd, env })).trim();
    if (before !== undefined)
      lines.push(`the ${generation} titanic has done what the ${before} one had stored`);
  }
  return lines;
}
