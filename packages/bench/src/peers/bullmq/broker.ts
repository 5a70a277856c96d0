import { scratch } from '../endpoint';
import type { RunningPart } from '../part';
import { freePort, startServer } from '../server';

/** redis-server itself, without persistence, in a process of its own below this one. */
export async function start(): Promise<RunningPart> {
  const { directory, remove } = scratch();
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
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
