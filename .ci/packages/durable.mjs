// What one version of titanic has stored, the next one does. The one before it does as well, so that an upgrade can be
// taken back; or it refuses a store whose schema has changed since, and leaves it as it was.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const PROGRAM = fileURLToPath(new URL('peers/durable.mjs', import.meta.url));

const REFUSAL = 'was made by a later version of titanic';

/**
 * @param {Record<string, string>} projects by generation
 * @returns {Promise<string[]>} a line for each change of hands
 */
export async function checkStores(projects) {
  const file = join(String(projects['current']), 'handed-over.db');
  /**
   * @param {'previous' | 'current'} generation
   * @param {string} [left] the id of the request that it finds there
   * @returns {Promise<string>} the id of the one that it leaves there
   */
  const open = async (generation, left) => {
    const cwd = String(projects[generation]);
    copyFileSync(PROGRAM, join(cwd, 'durable.mjs'));
    return (
      await run(process.execPath, ['durable.mjs'], { cwd, env: { PAIRING: JSON.stringify({ file, left }) } })
    ).trim();
  };
  const first = await open('previous');
  const second = await open('current', first);
  const lines = ['the current titanic has done what the previous one had stored'];
  try {
    await open('previous', second);
    lines.push('the previous titanic has done what the current one had stored');
  } catch (error) {
    if (!String(error).includes(REFUSAL)) throw error;
    await open('current', second);
    lines.push('the previous titanic refuses what the current one has stored, and leaves it as it was');
  }
  return lines;
}
