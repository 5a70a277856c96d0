import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../endpoint';
import type { RunningPart } from '../part';
import { freePort, startServer } from '../server';

/** Its default of 64 MiB would cut a reader off at 1,000 bodies of 64 KiB, which are under way at once here. */
const MAX_PENDING_BYTES = 512 * 1024 * 1024;

/** nats-server itself, in a process of its own below this one. */
export async function start(): Promise<RunningPart> {
  const { directory, remove } = scratch();
  const port = await freePort();
  const config = join(directory, 'nats.conf');
  writeFileSync(config, `listen: "127.0.0.1:${port}"\nmax_pending: ${MAX_PENDING_BYTES}\n`);
  const server = await startServer('nats-server', ['--config', config], port);
  return {
    address: `127.0.0.1:${port}`,
    answers: { usage: () => server.usage() },
    close: async () => {
      await server.stop();
      remove();
    },
  };
}
