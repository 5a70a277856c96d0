// Tries the documents as a newcomer would: each in an empty folder, with the packages as they would be published, every
// file written and every command typed as printed, and every line that is printed looked for. What is done with a block
// of code, and how one is left out, is said in steps.mjs; what may differ in a line, in printed.mjs.
//
// README.md and the guides are tried from end to end, the READMEs of the packages between `<!-- trial -->` and
// `<!-- end of trial -->`. A block of which nobody knows what to do with it is a fault, before anything is tried.
//
// `node .ci/docs/run-trials.mjs [--show] [DOCUMENT…]`: some documents alone; all that is typed and printed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ADDONS, keepOurs, keptAddons } from '../packages/addons.mjs';
import { self } from '../packages/nodes.mjs';
import { pack } from '../packages/pack.mjs';
import { install } from '../packages/project.mjs';
import { publicPackages, readManifest, ROOT, SCOPE } from '../packages/workspace.mjs';
import { documents, place } from './documents.mjs';
import { PROVISIONS } from './provisions.mjs';
import { installedBy, stepOf } from './steps.mjs';
import { Terminal } from './terminal.mjs';

/** @typedef {import('./steps.mjs').Step & { where: string }} PlacedStep */
/** @typedef {{ file: string, steps: PlacedStep[] }} Trial */

const { values: flags, positionals: wanted } = parseArgs({
  options: { show: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const scratch = mkdtempSync(join(tmpdir(), 'majordomo-trials-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Something of a document cannot be had on this machine. */
class NotInstalled extends Error {}

/** @param {string} file */
const isTriedWhole = (file) => file === 'README.md' || file.startsWith('docs/guides/');
const TRIED_IN_PART = publicPackages().map(({ folder }) => `packages/${folder}/README.md`);

/**
 * What is to be done in each document, in its order.
 * @returns {Trial[]}
 * @throws Error that names every block that is neither tried nor left out for a reason
 */
function trials() {
  /** @type {string[]} */
  const wrong = [];
  const found = documents().flatMap(({ file, blocks }) => {
    const tried = blocks.filter(({ isTried }) => isTried || isTriedWhole(file));
    if (tried.length === 0 && TRIED_IN_PART.includes(file)) wrong.push(`${file}: nothing of it is tried`);
    /** @type {PlacedStep[]} */
    const steps = [];
    for (const block of tried) {
      try {
        steps.push({ ...stepOf(block), where: place(block) });
      } catch (error) {
        wrong.push(`${place(block)}: ${/** @type {Error} */ (error).message}`);
      }
    }
    return steps.length > 0 ? [{ file, steps }] : [];
  });
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return found;
}

/**
 * The packages are not in the registry before they are published: whatever the documents install of them comes from the
 * tarballs, once for all trials, and their commands are on the path. What else they install is that of this repository.
 * @param {readonly string[]} names
 */
async function installAll(names) {
  const [packages] = await Promise.all([pack(scratch), keepOurs(ADDONS, self())]);
  const tarballs = new Map(packages.map(({ manifest, tarball }) => [manifest.name, tarball]));
  const foreign = names.filter((name) => !name.startsWith(SCOPE));
  const others = foreign.map((name) => [name, readManifest(join(ROOT, 'node_modules', name)).version]);
  await install({
    directory: scratch,
    node: self(),
    wanted: [...tarballs.keys()],
    tarballs,
    environment: keptAddons(ADDONS),
    others: Object.fromEntries(others),
  });
}

/** @param {readonly PlacedStep[]} steps */
const commandsOf = (steps) => steps.flatMap((step) => (step.does === 'type' ? step.commands : []));

/** @param {Trial} trial */
async function run({ steps }) {
  const folder = mkdtempSync(join(scratch, 'trial-'));
  const terminal = new Terminal(folder, [join(scratch, 'node_modules', '.bin')], flags.show);
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  try {
    for (const step of steps) {
      if (step.does === 'write') writeFileSync(join(folder, step.name), `${step.code}\n`);
      if (step.does === 'provide') stops.push(await provide(step, terminal));
      if (step.does !== 'type') continue;
      for (const command of step.commands) {
        if (!installedBy(command.typed)) await terminal.type(command, step.where);
      }
    }
  } finally {
    await terminal.close();
    for (const stop of stops) await stop();
  }
  terminal.requireGoodEnds();
}

/**
 * @param {Extract<PlacedStep, { does: 'provide' }>} step
 * @param {Terminal} terminal
 */
async function provide({ name, variables, where }, terminal) {
  const provision = await PROVISIONS[name]?.(scratch);
  if (provision === undefined) throw new Error(`${where}: “${name}” is none of .ci/docs/provisions.mjs`);
  if (typeof provision === 'string') throw new NotInstalled(`${where}: ${provision}`);
  if (provision.path !== undefined) terminal.env['PATH'] = `${provision.path}:${terminal.env['PATH']}`;
  for (const variable of variables) terminal.env[variable] = provision.value;
  return provision.stop;
}

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1_000).toFixed(0).padStart(4)} s`;

async function tryAll() {
  const chosen = trials().filter(({ file }) => wanted.length === 0 || wanted.includes(file));
  if (chosen.length === 0) throw new Error('no such document, or nothing to be tried in it');
  const commands = chosen.flatMap(({ steps }) => commandsOf(steps));
  await installAll([...new Set(commands.flatMap(({ typed }) => installedBy(typed) ?? []))]);
  console.log(`${seconds()}  installed what the documents install`);
  for (const trial of chosen) {
    try {
      await run(trial);
      console.log(`${seconds()}  tried    ${trial.file}: ${summary(trial)}`);
    } catch (error) {
      if (!(error instanceof NotInstalled)) throw error;
      // .ci/run, which installs what there is, takes such a line for a failure.
      console.log(`skipped  ${error.message}`);
    }
  }
}

/** @param {Trial} trial */
function summary({ steps }) {
  const left = steps.filter(({ does }) => does === 'nothing').length;
  return `${steps.length - left} blocks, ${commandsOf(steps).length} commands, ${left} blocks left out`;
}

try {
  await tryAll();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
