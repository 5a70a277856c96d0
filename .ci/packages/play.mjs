// Runs one program in the part that it plays.
import { environmentOf } from './nodes.mjs';
import { run, start } from './processes.mjs';

/** @typedef {ReturnType<typeof start>} Running */

/**
 * @param {{
 *   project: string, program: string, probe: import('./probes.mjs').Probe,
 *   node: import('./nodes.mjs').Node, peers: ReturnType<typeof import('./outside.mjs').outside>,
 * }} cell `program`: its path in the project
 * @throws {Error} where it, or what it is asked, fails
 */
export async function play({ project, program, probe, node, peers }) {
  const { part, services = [] } = probe;
  const settings = { cwd: project, env: environmentOf(node) };
  if (part === 'alone') {
    await run(node.execPath, [program], settings);
    return;
  }
  if (part === 'carries') {
    await meanwhile(start(node.execPath, [program], settings), async (broker) => {
      await peers.exchange(await broker.line());
    });
    return;
  }
  const bus = await peers.bus();
  const inBus = { ...settings, env: { ...settings.env, BROKER: bus.endpoint } };
  try {
    if (part === 'asks') await run(node.execPath, [program], inBus);
    else {
      await meanwhile(start(node.execPath, [program], inBus), async () => {
        for (const service of services) await peers.ask(bus.endpoint, service);
      });
    }
  } finally {
    await bus.close();
  }
}

/**
 * Does something while a program runs, and ends the program.
 * @param {Running} program
 * @param {(program: Running) => Promise<void>} work
 */
export async function meanwhile(program, work) {
  try {
    await work(program);
    await program.stop();
  } finally {
    program.kill();
  }
}
