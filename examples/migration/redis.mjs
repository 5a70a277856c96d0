import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** True where redis-server is installed. */
export function redisIsInstalled() {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** Starts a redis-server of its own, on a socket in a folder of its own, which keeps nothing. */
export async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'majordomo-redis-'));
  const path = join(folder, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  let ready = false;
  for await (const line of createInterface({ input: server.stdout })) {
    ready = line.includes('eady to accept connections');
    if (ready) break;
  }
  if (!ready) {
    await exited;
    throw new Error(`redis-server ended with ${server.exitCode} before it was ready`);
  }
  server.stdout.resume();
  return {
    redis: { path },
    async close() {
      server.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
