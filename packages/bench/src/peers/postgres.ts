import { postgresBinaries, startPostgres, type PrivatePostgres } from '@majordomo/testkit';
import { readdirSync, readFileSync } from 'node:fs';
import type { Usage } from '../processes/questions';
import { usageOf } from './server';

/** A PostgreSQL of this peer alone, below this process. */
export async function privatePostgres(): Promise<PrivatePostgres> {
  const binaries = postgresBinaries();
  if (binaries === undefined) throw new Error('postgres is not installed');
  return startPostgres(binaries);
}

/** What its processes have used. Those that have ended are in the time of the first. */
export function usageOfPostgres({ pid }: PrivatePostgres): Usage {
  if (pid === undefined) return { cpuUs: NaN, rssBytes: NaN };
  const usages = [pid, ...childrenOf(pid)].map((each) => usageOf(each));
  return {
    cpuUs: usages.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    rssBytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

/** The second field behind the name of the program (proc(5)). */
function parentOf(pid: string): number {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    );
  } catch {
    return NaN;
  }
}
