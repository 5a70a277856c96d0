import { readdirSync, readlinkSync } from 'node:fs';

/** What is open, by kind; each with as many lines as there are of it. */
export type Resources = ReadonlyMap<string, readonly string[]>;

/** What comes and goes without anybody's leak: requests under way, what jest uses, and timers, listed apart. */
const IGNORED =
  /^(Timeout|Immediate|TickObject|CloseReq|FSReq.*|.*_?Req(uest)?(Wrap|Callback|Promise)?|TTYWrap)$/i;

/** Counts what the process holds, with the given lists for what it cannot list by itself. */
export function countResources(known: {
  timers: string[];
  zmqSockets: string[];
  threads: string[];
}): Resources {
  const resources = new Map<string, string[]>([
    ['timer', known.timers],
    ['ZeroMQ socket', known.zmqSockets],
    ['thread', known.threads],
    ['socket descriptor', socketDescriptors()],
  ]);
  for (const kind of process.getActiveResourcesInfo()) {
    if (!IGNORED.test(kind)) resources.set(kind, [...(resources.get(kind) ?? []), kind]);
  }
  return resources;
}

/** One line per kind that there is more of than before, with the newest of it. */
export function excess(before: Resources, after: Resources): string[] {
  return [...after].flatMap(([kind, now]) => {
    const were = before.get(kind)?.length ?? 0;
    if (now.length <= were) return [];
    const newest = now.slice(were).filter((line) => line !== kind);
    return [
      `${kind}: ${now.length - were} more than the ${were} before`,
      ...newest.map((line) => `  ${line}`),
    ];
  });
}

/** Open sockets of the operating system, those of ZeroMQ among them; only Linux lists them. */
function socketDescriptors(): string[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    return [];
  }
  return names.filter(isSocket).map(() => 'socket descriptor');
}

function isSocket(name: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${name}`).startsWith('socket:');
  } catch {
    // Closed since it was listed.
    return false;
  }
}
