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
 * @property {string[]} notes - the texts of the HTML comments right before it
 * @property {boolean} isTried - whether it stands between `<!-- trial -->` and `<!-- end of trial -->`
 */

/**
 * A document and its blocks of code, in their order.
 * @typedef {object} Document
 * @property {string} file - path from the root of the repository
 * @property {string} text - all of it
 * @property {Block[]} blocks
 */

/**
 * All documents of the repository but those that tools write.
 * @param {string} [text] - only those that have this text somewhere
 * @returns {Document[]}
 */
export function documents(text = '') {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => file !== '' && !file.endsWith('CHANGELOG.md'))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes(text))
    .sort()
    .map(read);
}

/**
 * @param {string} file
 * @returns {Document}
 */
export function read(file) {
  /** @type {Block[]} */
  const blocks = [];
  const text = readFileSync(join(root, file), 'utf8');
  let isTried = false;
  visit(remark().use(remarkGfm).parse(text), (node, index, parent) => {
    if (node.type === 'html') {
      const comment = commentOf(node);
      if (comment === 'trial') isTried = true;
      if (comment === 'end of trial') isTried = false;
    }
    if (node.type !== 'code') return;
    blocks.push({
      file,
      line: (node.position?.start.line ?? 0) + 1,
      language: node.lang ?? '',
      code: node.value,
      notes: notesBefore(parent?.children ?? [], index ?? 0),
      isTried,
    });
  });
  return { file, text, blocks };
}

/** @param {import('mdast').Nodes} node */
function commentOf(node) {
  return node.type === 'html' ? /^<!--([\s\S]*)-->$/.exec(node.value.trim())?.[1]?.trim() : undefined;
}

/**
 * @param {readonly import('mdast').Nodes[]} siblings
 * @param {number} index - of the block
 */
function notesBefore(siblings, index) {
  /** @type {string[]} */
  const notes = [];
  for (const node of siblings.slice(0, index).reverse()) {
    const comment = commentOf(node);
    if (comment === undefined) break;
    notes.unshift(comment);
  }
  return notes;
}

/**
 * What a note says behind its name, `undefined` where a block has no such note.
 * @param {Block} block
 * @param {string} name - such as `given:`
 */
export function noted({ notes }, name) {
  return notes
    .find((note) => note.startsWith(name))
    ?.slice(name.length)
    .trim();
}

/** @param {Block} block */
export const place = ({ file, line }) => `${file}:${line}`;

/**
 * The file that a block is: named by the comment in its first line (`// worker.mjs`, `# worker.py – what it is`), or in
 * JSON, which has no comments, by a note (`<!-- file: policy.json -->`).
 * @param {Block} block
 */
export function nameOf(block) {
  const [first = ''] = block.code.split('\n', 1);
  return noted(block, 'file:') ?? /^(?:\/\/|#) ([\w.-]+\.\w+)(?: – .*)?$/.exec(first)?.[1];
}
