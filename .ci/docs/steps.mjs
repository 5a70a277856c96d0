// What a trial does with each block of code in a document. It
// - writes it to the file that its first line names (`// worker.mjs`, `# worker.py`; see documents.mjs);
// - types `console`: lines that begin with `$ ` are commands, one that ends with `&` goes on in the background (`kill %1`
//   and `wait %1` are for those), and the lines below are what must be printed by then, whoever prints it;
// - types `sh`, which prints whatever it prints;
// - leaves it out, where the comment before it says why:
//   `<!-- not run: WHY -->`;
//   `<!-- run by PATH -->`, a test, or .ci/run, in which every command of it has to stand;
//   `<!-- printed by: COMMAND -->`, see check-printed.mjs;
//   `<!-- given: CODE -->`, in the READMEs of packages: a fragment, which check-code.mjs compiles;
//   `<!-- provided: NAME -->`: the trial has a server, or a program, of its own in place of what is installed there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf, noted, root } from './documents.mjs';

/** @typedef {import('./documents.mjs').Block} Block */

/**
 * A command, and the lines that are printed once it was typed.
 * @typedef {{ typed: string, printed: string[] }} Command
 *
 * @typedef {{ does: 'write', name: string, code: string }
 *   | { does: 'type', commands: Command[] }
 *   | { does: 'provide', name: string, variables: string[] }
 *   | { does: 'nothing' }} Step
 */

/**
 * @param {Block} block
 * @returns {Step}
 * @throws Error that says why nothing can be done with it
 */
export function stepOf(block) {
  const { language, code } = block;
  const provided = noted(block, 'provided:');
  const name = nameOf(block);
  if (isElsewhere(block) || language === 'mermaid') return { does: 'nothing' };
  if (provided) {
    const variables = [...code.matchAll(/^export (\w+)=/gm)].map(([, variable = '']) => variable);
    return { does: 'provide', name: provided, variables };
  }
  if (name) return { does: 'write', name, code };
  if (language === 'sh' || language === 'console') return { does: 'type', commands: commandsOf(block) };
  throw new Error('it is neither a file nor typed, and nothing says why: see .ci/docs/steps.mjs');
}

/** @param {Block} block */
function isElsewhere(block) {
  const by = noted(block, 'run by');
  if (by !== undefined) requireRun(by, block.code);
  const isFragment = block.file.startsWith('packages/') && Boolean(noted(block, 'given:'));
  return Boolean(by ?? noted(block, 'printed by:') ?? noted(block, 'not run:')) || isFragment;
}

/** @param {string} path @param {string} code */
function requireRun(path, code) {
  if (!existsSync(join(root, path))) throw new Error(`there is no ${path} that could run it`);
  if (path !== '.ci/run') return;
  const steps = readFileSync(join(root, path), 'utf8');
  for (const command of code.split(/\n|&&/).map((each) => each.trim())) {
    if (!steps.includes(command)) throw new Error(`.ci/run does not run “${command}”`);
  }
}

/** @param {Block} block @returns {Command[]} */
function commandsOf({ language, code }) {
  /** @type {Command[]} */
  const commands = [];
  let goesOn = false;
  for (const line of code.split('\n')) {
    const last = commands.at(-1);
    if (last && goesOn) last.typed += `\n${line}`;
    else if (language === 'sh' && (line.trim() === '' || line.startsWith('#'))) continue;
    else if (language === 'sh' || line.startsWith('$ ')) {
      commands.push({ typed: line.replace(/^\$ /, ''), printed: [] });
    } else if (last) last.printed.push(line);
    else throw new Error(`“${line}” stands before any command`);
    goesOn = line.endsWith('\\') && (goesOn || language === 'sh' || line.startsWith('$ '));
  }
  return commands;
}

/**
 * @param {string} command
 * @returns {string[] | undefined} the packages that it installs; `undefined` where it is no `npm install`
 */
export function installedBy(command) {
  const [npm, install, ...rest] = command
    .replace(/\s#.*$/, '')
    .trim()
    .split(/\s+/);
  if (npm !== 'npm' || install !== 'install') return undefined;
  return rest.filter((word) => !word.startsWith('-'));
}
