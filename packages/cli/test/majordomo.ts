import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runProcess, startProcess, type ProcessOptions, type RunningProcess } from '@majordomo/testkit';

/** The built command. */
export const BINARY = resolve(__dirname, '../dist/main.js');

if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: run npm run build:js first`);

/** Settings of the shell that runs the tests must not reach the processes under test. */
const CLEAN = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith('MAJORDOMO_'))
    .map((name) => [name, undefined]),
);

const clean = (options: ProcessOptions): ProcessOptions => ({
  ...options,
  env: { ...CLEAN, ...options.env },
});

/** Runs the command to its end. */
export function majordomo(args: readonly string[], options: ProcessOptions = {}) {
  return runProcess(process.execPath, [BINARY, ...args], clean(options));
}

/** Starts the command. */
export function start(args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  return startProcess(process.execPath, [BINARY, ...args], clean(options));
}

/** A broker that listens on a port of its own. */
export async function startBroker(
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<{ broker: RunningProcess; endpoint: string }> {
  const broker = start(['broker', '--bind', 'tcp://127.0.0.1:0', ...args], options);
  const [, endpoint = ''] = await broker.waitForLine(
    /^majordomo broker listening on (tcp:\/\/127\.0\.0\.1:\d+)$/,
  );
  return { broker, endpoint };
}

/** A broker and a titanic in one process, its requests in this file: one of its own unless it is named. */
export async function startUp(
  args: readonly string[] = [],
  file?: string,
): Promise<{ up: RunningProcess; endpoint: string; file: string }> {
  const store = file ?? (await unusedPath('requests.db'));
  const local = ['--bind', 'tcp://127.0.0.1:0', '--http', '127.0.0.1:0', '--store', `sqlite:${store}`];
  const up = start(['up', ...local, '--log-level', 'info', ...args]);
  const [, endpoint = ''] = await up.waitForLine(/^majordomo titanic registered with (tcp:.*)$/);
  return { up, endpoint, file: store };
}

/** Runs the command against a broker, and expects that it ends well. @returns what it printed */
export async function ask(endpoint: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await majordomo([...args, '--broker', endpoint]);
  if (code !== 0) throw new Error(`majordomo ${args.join(' ')}: ${code}\n${stderr}`);
  return stdout.trimEnd();
}

/** A worker that is registered. */
export async function startWorker(
  endpoint: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const [service = '', ...others] = args;
  const worker = start(['worker', service, '--broker', endpoint, ...others], options);
  await worker.waitForLine(`majordomo worker ${service} registered with ${endpoint}`);
  return worker;
}

/** The path of a new file with this text, in a folder of its own; {@link removeFiles} removes it. */
export async function fileWith(name: string, text: string): Promise<string> {
  const path = await unusedPath(name);
  await writeFile(path, text);
  return path;
}

/** A path where no file is yet, in a folder of its own. */
export async function unusedPath(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'majordomo-cli-'));
  folders.push(folder);
  return join(folder, name);
}

const folders: string[] = [];

/** Removes all files of this test file. */
export async function removeFiles(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** True while a process runs; one that has ended and is only listed still does not count. */
export async function isAlive(pid: string): Promise<boolean> {
  const { stdout } = await runProcess('ps', ['-o', 'stat=', '-p', pid]);
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
