import { spawn, type ChildProcess } from 'node:child_process';
import { clearTimeout, setTimeout } from 'node:timers';
import { errorAt } from './error-at';

/** How a process starts. */
export interface ProcessOptions {
  /** Added to the environment of this process; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /** Default: that of this process. */
  cwd?: string;
  /** Written to stdin, which then ends. Without it stdin is at its end from the start. */
  input?: string;
}

/** How a process ended; one that could not be started has code 127 and says why on stderr. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** What to wait for in the output of a process. */
export interface WaitForLineOptions {
  /** Default: 30,000. */
  timeoutMs?: number;
  /** Default: stdout. */
  stream?: 'stdout' | 'stderr';
}

/** How long output may still come after the process itself has gone, held open by a process it left behind. */
const STRAGGLERS_MS = 1000;

const running = new Set<RunningProcess>();

/** A process that a test started. */
export class RunningProcess {
  /** Resolves, never rejects, when the process has ended and all its output is here. */
  readonly exit: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #text = { stdout: '', stderr: '' };
  /** Lines that have satisfied a wait, by position: each satisfies one only. */
  readonly #matched = { stdout: new Set<number>(), stderr: new Set<number>() };
  readonly #watchers = new Set<() => void>();
  #ended: ProcessExit | undefined;

  constructor(command: string, args: readonly string[], { env, cwd, input }: ProcessOptions) {
    this.#command = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    running.add(this);
    this.#collect('stdout');
    this.#collect('stderr');
    // A process that ends without reading its input is no failure.
    this.#child.stdin?.on('error', () => undefined).end(input);
    this.exit = this.#watchExit();
  }

  /** Undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** All that came on stdout so far. */
  get stdout(): string {
    return this.#text.stdout;
  }

  /** All that came on stderr so far. */
  get stderr(): string {
    return this.#text.stderr;
  }

  /**
   * The match of the first whole line, past or future, that fits the pattern and has not satisfied an earlier
   * wait; a string fits where it is contained. Throws, with the output, at the timeout or when the process ends.
   */
  waitForLine(pattern: RegExp | string, options: WaitForLineOptions = {}): Promise<RegExpExecArray> {
    const { timeoutMs = 30_000, stream = 'stdout' } = options;
    const trace = new Error();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const fail = (reason: string): void => {
        settle();
        reject(
          errorAt(
            trace,
            `${this.#command}: ${reason} without a line of ${stream} like ${pattern}${this.#output()}`,
          ),
        );
      };
      const look = (): void => {
        const found = this.#findLine(pattern, stream);
        if (found !== undefined) {
          settle();
          resolve(found);
        } else if (this.#ended !== undefined) {
          fail(`ended with ${this.#ended.signal ?? this.#ended.code}`);
        }
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Sends a signal, SIGTERM unless told otherwise; false when the process is gone. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    return this.#child.kill(signal);
  }

  #collect(stream: 'stdout' | 'stderr'): void {
    this.#child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      this.#text[stream] += text;
      this.#notify();
    });
  }

  #watchExit(): Promise<ProcessExit> {
    return new Promise((resolve) => {
      let stragglers: NodeJS.Timeout | undefined;
      const done = (exit: ProcessExit): void => {
        if (this.#ended !== undefined) return;
        clearTimeout(stragglers);
        this.#ended = exit;
        running.delete(this);
        this.#notify();
        resolve(exit);
      };
      this.#child.on('error', (error) => {
        // Also emitted when a signal could not be sent, which is not the end.
        if (this.#child.pid !== undefined) return;
        this.#text.stderr += `${error.message}\n`;
        done({ code: 127, signal: null });
      });
      this.#child.on('exit', () => {
        stragglers = setTimeout(() => {
          this.#child.stdout?.destroy();
          this.#child.stderr?.destroy();
        }, STRAGGLERS_MS);
      });
      this.#child.on('close', (code, signal) => done({ code, signal }));
    });
  }

  #notify(): void {
    for (const look of [...this.#watchers]) look();
  }

  #findLine(pattern: RegExp | string, stream: 'stdout' | 'stderr'): RegExpExecArray | undefined {
    const lines = this.#text[stream].split('\n');
    // What follows the last line break is a line only once the process has ended.
    if (this.#ended === undefined || lines.at(-1) === '') lines.pop();
    for (const [index, line] of lines.entries()) {
      if (this.#matched[stream].has(index)) continue;
      const found = toRegExp(pattern).exec(line);
      if (found === null) continue;
      this.#matched[stream].add(index);
      return found;
    }
    return undefined;
  }

  #output(): string {
    return `\n--- stdout\n${this.stdout.slice(-4000)}\n--- stderr\n${this.stderr.slice(-4000)}`;
  }
}

/** Starts a process; `killAllProcesses` ends it if the test does not. */
export function startProcess(
  command: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): RunningProcess {
  return new RunningProcess(command, args, options);
}

/** Runs a process to its end; throws, with its output, after killing one that takes over `timeoutMs` (default 30,000). */
export async function runProcess(
  command: string,
  args: readonly string[] = [],
  { timeoutMs = 30_000, ...options }: ProcessOptions & { timeoutMs?: number } = {},
): Promise<ProcessExit & { stdout: string; stderr: string }> {
  const child = startProcess(command, args, options);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const exit = await child.exit;
  clearTimeout(timer);
  const { stdout, stderr } = child;
  if (late) {
    const what = [command, ...args].join(' ');
    throw new Error(
      `${what}: still running after ${timeoutMs} ms\n--- stdout\n${stdout}\n--- stderr\n${stderr}`,
    );
  }
  return { ...exit, stdout, stderr };
}

/** Kills, with SIGKILL, every process of this test file that still runs, and waits until all have ended. */
export async function killAllProcesses(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGKILL');
      return child.exit;
    }),
  );
}

function toRegExp(pattern: RegExp | string): RegExp {
  if (typeof pattern === 'string') return new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // A global or sticky expression would remember where the last line matched.
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
}
