import { readdir, readFile } from 'node:fs/promises';
import { MARK } from './life';

/**
 * Processes of a run that are there, by their ids: those whose environment has its mark. Linux only; elsewhere none are
 * found.
 */
export async function processesOf(mark: string): Promise<number[]> {
  const listed = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    listed
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => {
        // A process of somebody else, or one that has just ended, cannot be read, and is none of ours.
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
        return environment.split('\0').includes(`${MARK}=${mark}`) ? Number(pid) : undefined;
      }),
  );
  return found.filter((pid) => pid !== undefined);
}
