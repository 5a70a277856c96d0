// Tries the guides as a newcomer would: in an empty folder, with the packages as they would be published, every file
// written and every command typed as printed, and every line that is printed looked for. With --show, all that is typed
// and printed is shown.
//
// A document says `<!-- trial -->` at its top. Of its blocks,
// - one whose first line is a comment that names a file (`// worker.mjs`, `# policy.yaml`) is written to that file; in
//   JSON, which has no comments, the comment before it does: `<!-- file: policy.json -->`;
// - `console` is typed: lines that begin with `$ ` are commands, one that ends with `&` goes on in the background, and
//   the others are what must be printed, whoever prints it; digits, times and the like may differ;
// - `sh` is typed as well, and prints whatever it prints;
// - one behind `<!-- not run: WHY -->` is left out, and counted.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADDONS, keepOurs, keptAddons } from '../packages/addons.mjs';
import { self } from '../packages/nodes.mjs';
import { pack } from '../packages/pack.mjs';
import { install } from '../packages/project.mjs';
import { documents } from './documents.mjs';
import { Terminal } from './terminal.mjs';

/** @typedef {import('./documents.mjs').Block} Block */

const FILE_BY_COMMENT = /^(?:\/\/|#) ([\w.-]+\.\w+)$/;
const FILE_BY_NOTE = /^file: ([\w.-]+)/;
const NOT_RUN = /^not run: \S/;

const scratch = mkdtempSync(join(tmpdir(), 'majordomo-trials-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/**
 * The packages are not in the registry before they are published: whatever a guide installs of them comes from the
 * tarballs, all at once, and their commands are on the path.
 */
async function installAll() {
  const [packages] = await Promise.all([pack(scratch), keepOurs(ADDONS, self())]);
  const tarballs = new Map(packages.map(({ manifest, tarball }) => [manifest.name, tarball]));
  const wanted = [...tarballs.keys()];
  await install({ directory: scratch, node: self(), wanted, tarballs, environment: keptAddons(ADDONS) });
}

/** @param {string} command */
const installsOurs = (command) => /^npm install .*@majordomo\//.test(command);

/**
 * @param {Block} block
 * @param {string} folder
 * @param {Terminal} terminal
 */
async function follow({ language, code, note, line, file }, folder, terminal) {
  const name = FILE_BY_NOTE.exec(note)?.[1] ?? FILE_BY_COMMENT.exec(code.split('\n', 1)[0] ?? '')?.[1];
  const where = `${file}:${line}`;
  if (name) {
    writeFileSync(join(folder, name), `${code}\n`);
  } else if (language === 'sh' || language === 'console') {
    const lines = code.split('\n');
    const isTyped = (/** @type {string} */ each) => language === 'sh' || each.startsWith('$ ');
    const typed = lines.filter((each) => isTyped(each) && each.trim() !== '' && !each.startsWith('#'));
    const expected = lines.filter((each) => !isTyped(each) && each.trim() !== '' && each.trim() !== '…');
    for (const each of typed) {
      const command = each.replace(/^\$ /, '');
      if (!installsOurs(command)) await terminal.type(command, where);
    }
    await terminal.expect(expected, where);
  }
}

let tried = 0;
for (const { file, text, blocks } of documents()) {
  if (!text.startsWith('<!-- trial -->')) continue;
  const folder = mkdtempSync(join(scratch, 'trial-'));
  if (tried === 0) await installAll();
  const terminal = new Terminal(
    folder,
    join(scratch, 'node_modules', '.bin'),
    process.argv.includes('--show'),
  );
  const run = blocks.filter(({ note }) => !NOT_RUN.test(note));
  try {
    for (const block of run) await follow(block, folder, terminal);
    console.log(`tried    ${file}: ${run.length} blocks, ${blocks.length - run.length} not run`);
    tried++;
  } finally {
    await terminal.close();
  }
}
if (tried === 0) throw new Error('no document is tried: one says <!-- trial --> at its top');
