import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from '../processes/questions';

/** How long a server may take until it listens, in ms. */
const LISTEN_TIMEOUT_MS = 10_000;

/** A server that is not ours, run as a child of this process. */
export interface Server {
  /** From /proc: what is not there on other systems reads as NaN. */
  usage(): Usage;
  stop(): Promise<void>;
}

/** A TCP port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Starts a program and resolves once it listens on its port. Its end before `stop` ends this process. */
export async function startServer(program: string, args: readonly string[], port: number): Promise<Server> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const keep = (text: string): void => {
    said = (said + text).slice(-2_000);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => fail(error.message));
    child.on('close', (code) => {
      if (!stopping) fail(`ended with code ${code}\n${said}`);
      resolve();
    });
  });
  process.on('exit', () => child.kill('SIGKILL'));
  await listening(port);
  return {
    usage: () => usageOf(child.pid!),
    stop: async () => {
      stopping = true;
      child.kill('SIGKILL');
      await ended;
    },
  };

  function fail(reason: string): never {
    process.stderr.write(`${program} ${reason}\n`);
    process.exit(1);
  }
}

async function listening(port: number): Promise<void> {
  const until = performance.now() + LISTEN_TIMEOUT_MS;
  while (performance.now() < until) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await sleep(10);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on port ${port} after ${LISTEN_TIMEOUT_MS} ms`);
}

/** Clock ticks per second in /proc/PID/stat: 100 on every Linux there is for Node (proc(5), `_SC_CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/** What a process has used, and where there is no /proc, NaN. */
export function usageOf(pid: number): Usage {
  try {
    // The name of the program, in brackets, may hold anything; utime and stime are fields 14 and 15 (proc(5)), and those
    // of children that have ended 16 and 17.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const rssKib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpuUs: (ticks * 1_000_000) / TICKS_PER_SECOND, rssBytes: Number(rssKib) * 1_024 };
  } catch {
    return { cpuUs: NaN, rssBytes: NaN };
  }
}
