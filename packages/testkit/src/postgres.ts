import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const INSTALLED = '/usr/lib/postgresql';

/** How long PostgreSQL may take until it takes connections, its recovery included, in ms. */
const READY_TIMEOUT_MS = 60_000;
/** The pause before it is started again, in ms, where what a crash left behind is not gone yet. */
const AGAIN_MS = 50;
/** What it said at the last, kept for the report of a failure. */
const LOG_TAIL_CHARS = 4_000;

/** The folder with `initdb` and `postgres`; `undefined` where PostgreSQL is not installed. */
export function postgresBinaries(): string | undefined {
  const versions = existsSync(INSTALLED)
    ? readdirSync(INSTALLED).sort((one, other) => Number(other) - Number(one))
    : [];
  const folders = [
    ...versions.map((version) => join(INSTALLED, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  return {};
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Starts a PostgreSQL of our own, in a folder of its own, on a port of its own. It ends with this process, and its folder
 * goes with it.
 * @param binaries - the folder of {@link postgresBinaries}
 */
export function startPostgres(binaries: string): Promise<PrivatePostgres> {
  return PrivatePostgres.start(binaries);
}

/** A PostgreSQL that {@link startPostgres} started. It can be killed and run again. */
export class PrivatePostgres {
  readonly url: string;
  #process: ChildProcess | undefined;
  readonly #lastResort = (): void => {
    this.#process?.kill('SIGQUIT');
    this.#remove();
  };

  private constructor(
    private readonly binaries: string,
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.url = `postgres://titanic@127.0.0.1:${port}/postgres`;
  }

  /** @param binaries - see {@link postgresBinaries} */
  static async start(binaries: string): Promise<PrivatePostgres> {
    const user = unprivileged();
    const folder = mkdtempSync(join(tmpdir(), 'majordomo-postgres-'));
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!);
    const options = [
      '-D',
      join(folder, 'data'),
      '-U',
      'titanic',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ];
    execFileSync(join(binaries, 'initdb'), options, { ...user, cwd: folder, stdio: 'pipe' });
    const postgres = new PrivatePostgres(binaries, folder, await freePort());
    process.once('exit', postgres.#lastResort);
    await postgres.run();
    return postgres;
  }

  /** The process that all others of it are below; `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts it, and waits until it takes connections. After a crash it is tried again until what the crash left behind
   * is gone: its other processes hold the memory that they share.
   */
  async run(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const { child, said } = this.#spawn();
      this.#process = child;
      if (await isReady(child, said, deadline)) return;
      child.kill('SIGKILL');
      if (performance.now() >= deadline)
        throw new Error(`PostgreSQL was not ready within ${READY_TIMEOUT_MS} ms:\n${said()}`);
      await delay(AGAIN_MS);
    }
  }

  #spawn(): { child: ChildProcess; said: () => string } {
    const options = [
      '-D',
      join(this.folder, 'data'),
      '-p',
      `${this.port}`,
      '-k',
      this.folder,
      '-c',
      'listen_addresses=127.0.0.1',
    ];
    const child = spawn(join(this.binaries, 'postgres'), options, {
      ...unprivileged(),
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (log = (log + text).slice(-LOG_TAIL_CHARS)));
    return { child, said: () => log };
  }

  /** Ends all of it at once, as it does itself when one of its processes crashes (SIGQUIT). */
  async kill(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  /** SIGKILL of its first process, which its others notice. What was committed is recovered by {@link run}. */
  async crash(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it, and removes all of it. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
    process.off('exit', this.#lastResort);
    this.#remove();
  }

  #remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

/** True once it takes connections; false where it ends before, or the time is up. */
async function isReady(child: ChildProcess, said: () => string, deadline: number): Promise<boolean> {
  while (performance.now() < deadline) {
    if (said().includes('ready to accept connections')) return true;
    if (child.exitCode !== null || child.signalCode !== null) return false;
    await delay(10);
  }
  return false;
}
