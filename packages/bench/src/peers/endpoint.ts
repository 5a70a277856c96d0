import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from './part';

/** A directory of its own for sockets and data of a peer, and how to be rid of it. */
export function scratch(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'majordomo-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.on('exit', remove);
  return { directory, remove };
}

/** A ZeroMQ endpoint to bind that nobody else has. */
export function endpointFor(transport: Transport): {
  readonly endpoint: string;
  readonly remove: () => void;
} {
  if (transport === 'tcp') return { endpoint: 'tcp://127.0.0.1:0', remove: () => undefined };
  if (transport === 'inproc') return { endpoint: 'inproc://bench', remove: () => undefined };
  const { directory, remove } = scratch();
  return { endpoint: `ipc://${join(directory, 'socket')}`, remove };
}
