import { scratch } from '../endpoint';
import type { RunningPart } from '../part';
import { freePort, startServer } from '../server';

/** redis-server, in a process of its own below this one; `settings` say how it keeps what it has. */
export async function redis(settings: readonly string[]): Promise<RunningPart> {
  const { directory, remove } = scratch();
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', ...settings];
  const server = await startServer('redis-server', [...args, '--dir', directory], port);
  return {
    address: String(port),
    answers: { usage: () => server.usage() },
    close: async () => {
      await server.stop();
      remove();
    },
  };
}
