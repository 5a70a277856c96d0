// Holds the documents that show what a command prints, in a block behind `<!-- printed by: COMMAND -->`, against what it
// has printed, on standard input: `COMMAND | node .ci/docs/check-printed.mjs COMMAND`.
import { text } from 'node:stream/consumers';
import { documents, noted, place } from './documents.mjs';
import { missing } from './printed.mjs';

const command = process.argv.slice(2).join(' ');
const blocks = documents(`printed by: ${command}`)
  .flatMap((document) => document.blocks)
  .filter((block) => noted(block, 'printed by:') === command);
if (blocks.length === 0) throw new Error(`no document shows what “${command}” prints`);

const printed = await text(process.stdin);
for (const block of blocks) {
  const lines = missing(block.code.split('\n'), printed);
  if (lines.length === 0) {
    console.log(`${place(block)}: so it was printed`);
  } else {
    console.error(`${place(block)}: was not printed by “${command}”:\n${lines.join('\n')}`);
    process.exitCode = 1;
  }
}
