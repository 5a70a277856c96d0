// Versions are independent: the packages before these and these, in all pairings of client, broker and worker.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keptAddons } from './addons.mjs';
import { checkStores } from './durable.mjs';
import { previousTarballs } from './pack.mjs';
import { EVERYTHING } from './probes.mjs';
import { run, start } from './processes.mjs';
import { install } from './project.mjs';

const PEERS = fileURLToPath(new URL('peers', import.meta.url));
const DIALECTS = ['packed', 'mdp/0.2', 'mdp/0.1'];

/**
 * @param {string} scratch
 * @param {{
 *   installed: import('./matrix.mjs').Project[], tarballs: Map<string, string>,
 *   node: import('./nodes.mjs').Node, addons: string,
 * }} from
 * @returns {Promise<string[]>} a line for each pairing
 */
export async function pairAll(scratch, { installed, tarballs, node, addons }) {
  const current = installed.find((project) => project.name === EVERYTHING && project.node.own);
  if (current === undefined) throw new Error(`there is no project "${EVERYTHING}"`);
  const previous = previousTarballs();
  const directory = join(scratch, 'previous');
  await install({
    directory,
    node,
    wanted: [...previous.keys()],
    // What did not exist before is as it is now.
    tarballs: new Map([...tarballs, ...previous]),
    environment: keptAddons(addons),
  });
  /** @type {Record<string, string>} */
  const projects = { previous: directory, current: current.directory };
  return [...(await pairOnTheWire(projects)), ...(await checkStores(projects))];
}

/**
 * @param {Record<string, string>} projects by generation
 * @returns {Promise<string[]>}
 */
async function pairOnTheWire(projects) {
  const generations = Object.keys(projects);
  const peer = (
    /** @type {string} */ generation,
    /** @type {string} */ role,
    /** @type {object} */ pairing = {},
  ) => {
    const cwd = String(projects[generation]);
    copyFileSync(join(PEERS, `${role}.mjs`), join(cwd, `${role}.mjs`));
    const env = { PAIRING: JSON.stringify({ generation, generations, dialects: DIALECTS, ...pairing }) };
    return /** @type {const} */ ([process.execPath, [`${role}.mjs`], { cwd, env }]);
  };

  /** @type {ReturnType<typeof start>[]} */
  const started = [];
  const begin = (/** @type {ReturnType<typeof peer>} */ [command, args, settings]) => {
    const child = start(command, [...args], settings);
    started.unshift(child);
    return child.line();
  };
  try {
    /** @type {Record<string, string>} */
    const brokers = {};
    for (const generation of generations) brokers[generation] = await begin(peer(generation, 'broker'));
    for (const generation of generations) await begin(peer(generation, 'worker', { brokers }));
    const lines = [];
    for (const client of generations) {
      const [command, args, settings] = peer(client, 'client', { brokers });
      /** @type {Record<string, Record<string, number>>} */
      const exchanges = JSON.parse(await run(command, [...args], settings));
      for (const [broker, byWorker] of Object.entries(exchanges)) {
        for (const [worker, count] of Object.entries(byWorker)) {
          lines.push(
            `${client} client, ${broker} broker, ${worker} worker: ${count} exchanges in ${DIALECTS.join(', ')}`,
          );
        }
      }
    }
    // Workers before their brokers: the other way around they would have nobody to say goodbye to.
    for (const child of started) await child.stop();
    return lines;
  } finally {
    for (const child of started) child.kill();
  }
}
