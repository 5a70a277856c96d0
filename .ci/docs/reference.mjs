// Holds what the documents say of commands and options to the code, both ways. Where they differ it says how, and
// `npm run write:reference` writes anew what is made from the code: all of it but what an option is for.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { documents, root } from './documents.mjs';
import { CLI, CliReference } from './reference/cli.mjs';
import { CommandLines } from './reference/command-lines.mjs';
import { NAMES, namesRegion } from './reference/names.mjs';
import { changesRegion, optionRegion, optionTables, unsaid } from './reference/options.mjs';
import { fill } from './reference/regions.mjs';
import { loadSources } from './reference/sources.mjs';

/** @typedef {import('./reference/regions.mjs').Maker} Maker */

const write = process.argv.includes('--write');
const sources = await loadSources();
const commandLines = new CommandLines(sources);
const tables = optionTables(sources);

/** What is made, by file and by region. @type {Map<string, Map<string, Maker>>} */
const made = new Map([
  [CLI, new CliReference(sources).regions()],
  [NAMES, new Map([['names', () => namesRegion(sources, tables)]])],
]);
for (const options of tables) {
  const regions = made.get(options.file) ?? new Map();
  made.set(
    options.file,
    regions.set(options.name, (/** @type {string} */ before) => optionRegion(options, before)),
  );
}

made.get('packages/titanic/README.md')?.set('changes', () => changesRegion(sources));

/** @type {string[]} */
const wrong = [];

/**
 * The first line that differs, as it is and as it should be.
 * @param {string} is
 * @param {string} should
 */
function difference(is, should) {
  const [before, after] = [is.split('\n'), should.split('\n')];
  const at = after.findIndex((line, index) => line !== before[index]);
  const line = at < 0 ? after.length : at;
  return `${line + 1}: the code says otherwise\n  is      ${before[line] ?? ''}\n  should  ${after[line] ?? ''}`;
}

/** Documents about the command, in which every flag is one of its own. */
const OF_THE_COMMAND = [CLI, 'packages/cli/README.md'];

let regions = 0;
for (const { file, text } of documents()) {
  const makers = made.get(file) ?? new Map();
  const {
    text: filled,
    found,
    unknown,
  } = fill(text, makers, (region) => {
    for (const key of unsaid(region)) wrong.push(`${file}: say in the last column what ${key} is for`);
  });
  regions += found.length;
  for (const name of unknown) wrong.push(`${file}: nothing is made for the region “${name}”`);
  for (const name of makers.keys()) {
    const times = found.filter((each) => each === name).length;
    if (times !== 1) wrong.push(`${file}: should have the region “${name}” once, has it ${times} times`);
  }
  wrong.push(...commandLines.faultsIn(text).map((fault) => `${file}: ${fault}`));
  for (const [, flag = ''] of OF_THE_COMMAND.includes(file) ? text.matchAll(/`(--[a-z-]*[a-z])\b/g) : []) {
    if (!commandLines.all.has(flag)) wrong.push(`${file}: no command takes ${flag}`);
  }
  if (found.length === 0) continue;
  const path = join(root, file);
  const should = await format(filled, { ...(await resolveConfig(path)), filepath: path });
  if (should === text) continue;
  if (write) writeFileSync(path, should);
  else wrong.push(`${file}:${difference(text, should)}\n  npm run write:reference writes it anew`);
}
for (const { name, examples } of sources.COMMANDS) {
  const faults = commandLines.faultsIn(examples.map(([line]) => line).join('\n'));
  wrong.push(...faults.map((fault) => `the examples of ${name}: ${fault}`));
}

for (const line of wrong) console.error(line);
console.log(`${regions} regions held to the code, ${wrong.length} faults`);
if (regions === 0 || wrong.length > 0) process.exitCode = 1;
