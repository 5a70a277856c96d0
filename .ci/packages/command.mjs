// The installed command, through npx.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf } from './nodes.mjs';
import { meanwhile } from './play.mjs';
import { run, start } from './processes.mjs';

/**
 * A broker, a worker and a request, each of them a command.
 * @param {string} project where the command is installed
 * @param {import('./nodes.mjs').Node} node
 */
export async function commands(project, node) {
  const settings = { cwd: project, env: environmentOf(node) };
  const npx = (/** @type {string[]} */ ...args) => run('npx', ['--no', '--', 'majordomo', ...args], settings);
  // What goes on until it is told to stop is started without npx, which keeps signals to itself.
  const installed = (/** @type {string[]} */ ...args) =>
    start(join(project, 'node_modules', '.bin', 'majordomo'), args, settings);

  await meanwhile(installed('broker', '--bind', 'tcp://127.0.0.1:0'), async (broker) => {
    const endpoint = (await broker.line()).replace(/^.* /, '');
    await meanwhile(installed('worker', 'echo', '--echo', '--broker', endpoint), async (worker) => {
      await worker.line();
      const reply = await npx('request', 'echo', 'hello', '--broker', endpoint);
      if (reply.trim() !== 'hello') throw new Error(`majordomo request echo hello printed ${reply}`);
    });
  });

  const { version } = JSON.parse(
    readFileSync(join(project, 'node_modules', '@majordomo', 'cli', 'package.json'), 'utf8'),
  );
  const shown = (await npx('--version')).trim();
  if (!shown.includes(version)) throw new Error(`majordomo --version printed ${shown}, not ${version}`);
}
