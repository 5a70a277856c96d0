import type { Usage } from '../processes/questions';

/** What this process has used so far, its threads included; `gc` collects garbage first where it can. */
export function ownUsage(gc: boolean): Usage {
  if (gc) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
}
