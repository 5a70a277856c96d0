// The Markdown of the repository, and the code in it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { remark } from 'remark';
import remarkGfm from 'remark-gfm';
import { visit } from 'unist-util-visit';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A block of code in a document.
 * @typedef {object} Block
 * @property {string} file - path from the root of the repository
 * @property {number} line - of its first line of code
 * @property {string} language - what stands behind the fence; empty where nothing does
 * @property {string} code
 * @property {string} note - the text of the HTML comment right before it; empty where there is none
 */

/**
 * A document and its blocks of code, in their order.
 * @typedef {object} Document
 * @property {string} file - path from the root of the repository
 * @property {string} text
 * @property {Block[]} blocks
 */

/**
 * All documents of the repository but those that tools write.
 * @returns {Document[]}
 */
export function documents() {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => file !== '' && !file.endsWith('CHANGELOG.md'))
    .sort()
    .map(read);
}

/**
 * @param {string} file
 * @returns {Document}
 */
export function read(file) {
  const text = readFileSync(join(root, file), 'utf8');
  /** @type {Block[]} */
  const blocks = [];
  visit(remark().use(remarkGfm).parse(text), 'code', (node, index, parent) => {
    const before = index ? parent?.children[index - 1] : undefined;
    const comment = before?.type === 'html' ? /^<!--([\s\S]*)-->$/.exec(before.value.trim()) : undefined;
    blocks.push({
      file,
      line: (node.position?.start.line ?? 0) + 1,
      language: node.lang ?? '',
      code: node.value,
      note: comment?.[1]?.trim() ?? '',
    });
  });
  return { file, text, blocks };
}
