// Every blank project, in every form of its program, on every version of Node.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boundToNode, keepAddon, keptAddons } from './addons.mjs';
import { commands } from './command.mjs';
import { commonJs } from './forms.mjs';
import { outside } from './outside.mjs';
import { play } from './play.mjs';
import { EVERYTHING, projects } from './probes.mjs';
import { each } from './processes.mjs';
import { install } from './project.mjs';
import { compile } from './typescript.mjs';

const PROBES = fileURLToPath(new URL('probes', import.meta.url));

/**
 * @typedef {{
 *   name: string, directory: string, wanted: string[], probe: import('./probes.mjs').Probe,
 *   node: import('./nodes.mjs').Node, nodes: import('./nodes.mjs').Node[],
 * }} Project `node`: what it was installed with; `nodes`: what it is run with
 */

/**
 * Installs the blank projects: each once, and again for every Node where it has an addon that fits one only.
 * @param {string} scratch
 * @param {{ nodes: import('./nodes.mjs').Node[], tarballs: Map<string, string>, addons: string }} from `addons`: where
 *   binaries of addons are kept
 * @returns {Promise<Project[]>}
 */
export async function installAll(scratch, { nodes, tarballs, addons }) {
  const own = /** @type {import('./nodes.mjs').Node} */ (nodes.find((node) => node.own));
  const installOne = async (
    /** @type {ReturnType<typeof projects>[number]} */ project,
    /** @type {import('./nodes.mjs').Node} */ node,
  ) => {
    const directory = join(scratch, node.own ? project.name : `${project.name}-node${node.major}`);
    await install({ directory, node, wanted: project.wanted, tarballs, environment: keptAddons(addons) });
    if (boundToNode(directory)) await keepAddon(addons, directory, node);
    return { ...project, directory, node };
  };

  const once = await each(projects(), (project) => installOne(project, own));
  const others = nodes.filter((node) => !node.own);
  const [first, ...rest] = once.filter(({ directory }) => boundToNode(directory));
  // The first one compiles the addon where its binary cannot be fetched, and the others find what it has made.
  const again = first === undefined ? [] : await each(others, (node) => installOne(first, node));
  again.push(
    ...(await each(
      rest.flatMap((project) => others.map((node) => ({ project, node }))),
      ({ project, node }) => installOne(project, node),
    )),
  );
  return [...once, ...again].map((project) => ({
    ...project,
    nodes: boundToNode(project.directory) ? [project.node] : nodes,
  }));
}

/**
 * Writes the program of each project in all its forms, and compiles those in TypeScript.
 * @param {Project[]} installed
 * @returns {Promise<{ project: Project, program: string, node: import('./nodes.mjs').Node }[]>} what is to be run; programs
 *   that were compiled with the Node that runs this alone, as they are the same programs again
 */
export async function prepare(installed) {
  const prepared = await each(installed, async (project) => {
    const { directory, node, probe } = project;
    if (probe.program === undefined) return [];
    const source = readFileSync(join(PROBES, probe.program), 'utf8');
    writeFileSync(join(directory, 'esm.mjs'), source);
    writeFileSync(join(directory, 'cjs.cjs'), commonJs(source));
    for (const file of probe.beside ?? []) copyFileSync(join(PROBES, file), join(directory, file));
    const compiled = node.own ? await compile(directory, source) : [];
    return [
      ...project.nodes.flatMap((on) =>
        ['esm.mjs', 'cjs.cjs'].map((program) => ({ project, program, node: on })),
      ),
      ...compiled.map((program) => ({ project, program, node })),
    ];
  });
  return prepared.flat();
}

/**
 * Runs them all, and the commands of what is a command.
 * @param {Project[]} installed
 * @param {Awaited<ReturnType<typeof prepare>>} programs
 * @returns {Promise<string[]>} a line for each project and Node: what was run
 */
export async function runAll(installed, programs) {
  const everything = installed.find(({ name, node }) => name === EVERYTHING && node.own);
  if (everything === undefined) throw new Error(`there is no project "${EVERYTHING}"`);
  const peers = outside(everything.directory);
  await each(programs, ({ project: { name, directory, probe }, program, node }) =>
    named(`${name}, ${program}, Node ${node.version}`, () =>
      play({ project: directory, program, probe, node, peers }),
    ),
  );
  const commanding = installed
    .filter(({ probe }) => probe.part === 'commands')
    .flatMap((project) => project.nodes.map((node) => ({ project, node })));
  await each(commanding, ({ project, node }) =>
    named(`${project.name}, Node ${node.version}`, () => commands(project.directory, node)),
  );
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const { project, node, what } of [
    ...programs.map(({ program, ...of }) => ({ ...of, what: program })),
    ...commanding.map((of) => ({ ...of, what: 'npx majordomo' })),
  ]) {
    const key = `${project.name} on Node ${node.version}:`;
    lines.set(key, [...(lines.get(key) ?? []), what]);
  }
  return [...lines].map(([key, whats]) => `${key} ${whats.join(', ')}`);
}

/**
 * @param {string} name of what failed, if it does
 * @param {() => Promise<void>} work
 */
async function named(name, work) {
  try {
    await work();
  } catch (error) {
    throw new Error(`${name}: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
}
