import { rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';

const IPC = 'ipc://';

/** The file of an ipc endpoint; none for other transports, for wildcards, and for names that are no files (`@…`). */
function fileOf(endpoint: string): string | undefined {
  if (!endpoint.startsWith(IPC)) return undefined;
  const path = endpoint.slice(IPC.length);
  return path === '*' || path.startsWith('@') ? undefined : path;
}

/** What is in the way of an ipc endpoint. ZeroMQ would take it away without a word. */
export async function whatIsAt(endpoint: string): Promise<'listener' | 'file' | undefined> {
  const path = fileOf(endpoint);
  if (!path) return undefined;
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isSocket()) return 'file';
  return (await isServed(path)) ? 'listener' : undefined;
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** Removes the file of an ipc endpoint that we listened on: ZeroMQ leaves it behind. */
export async function removeFile(endpoint: string): Promise<void> {
  const path = fileOf(endpoint);
  if (path) await rm(path, { force: true });
}
