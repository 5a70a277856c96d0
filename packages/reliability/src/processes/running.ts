import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/** A process was started; it does not outlive this one. */
export function started(child: ChildProcess): void {
  running.add(child);
}

/** A process has ended. */
export function ended(child: ChildProcess): void {
  running.delete(child);
}

/** True until a process that was started has ended. */
export function isRunning(child: ChildProcess): boolean {
  return running.has(child);
}

/** Ends every process at once, frozen ones too. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** A signal that ends this process ends all of them; the exit code is that of the shell for it. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => {
      killAll();
      process.exit(code);
    });
  }
}

// However this process ends, nothing that it started goes on.
process.on('exit', killAll);
