import { ServiceError } from '@majordomo/protocol';
import { spawn, type ChildProcess } from 'node:child_process';

/** How long a child has to end after SIGTERM before SIGKILL, in ms. */
const KILL_GRACE_MS = 5_000;

/** Windows knows no process groups: there the child alone is killed. */
const HAS_GROUPS = process.platform !== 'win32';

/** What a child wrote to standard error at the last, kept for the log. */
const STDERR_TAIL_BYTES = 4_096;

/** A child that did not end well. A packed client is told; its standard error stays here, for the log. */
class CommandFailedError extends ServiceError {
  constructor(
    message: string,
    /** The end of what it wrote to standard error. */
    readonly stderr: string,
  ) {
    super('COMMAND_FAILED', message);
  }
}

/**
 * The children of this process. Each leads a process group of its own: a Ctrl-C in a terminal leaves it
 * to finish its request, and what it started itself is killed with it. None outlives this process.
 */
export class Children {
  readonly #running = new Set<ChildProcess>();

  constructor() {
    process.on('exit', () => {
      for (const child of this.#running) kill(child, 'SIGKILL');
    });
  }

  /**
   * Runs a command, without a shell, that reads `input`, and yields what it writes to standard output. A
   * slow consumer makes it wait; one that stops early, or the signal, ends it.
   * @throws CommandFailedError for a child that ended with anything but 0
   */
  async *run(
    [command = '', ...args]: readonly string[],
    input: Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void> {
    signal.throwIfAborted();
    const child = spawn(command, args, { stdio: 'pipe', detached: HAS_GROUPS, windowsHide: true });
    this.#running.add(child);
    const ended = untilEnd(child).finally(() => this.#running.delete(child));
    // Heard of below, but only after the output.
    ended.catch(() => undefined);
    const stop = (): void => this.#stop(child);
    signal.addEventListener('abort', stop);
    // A command that does not read all of its input is no failure.
    child.stdin.on('error', () => undefined).end(input);
    try {
      yield* child.stdout;
      await ended;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
      await ended.catch(() => undefined);
    }
  }

  #stop(child: ChildProcess): void {
    if (!this.#running.has(child)) return;
    kill(child, 'SIGTERM');
    const grace = setTimeout(() => kill(child, 'SIGKILL'), KILL_GRACE_MS);
    child.once('close', () => clearTimeout(grace));
    // It may be waiting for someone to read what it writes, or have left that to a process out of its group.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

function untilEnd(child: ChildProcess): Promise<void> {
  let stderr = Buffer.alloc(0);
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_TAIL_BYTES);
  });
  const failed = (message: string): CommandFailedError =>
    new CommandFailedError(`The command ${message}.`, stderr.toString('utf8').trimEnd());
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(failed(`could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failed(signal ? `was ended by ${signal}` : `ended with code ${code}`));
    });
  });
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (HAS_GROUPS) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
