// Parts of documents that are made from the code: from `<!-- reference: NAME -->` to `<!-- end of reference -->`.

const REGION = /(<!-- reference: ([^\n]+?) -->\n)([\s\S]*?)(<!-- end of reference -->)/g;

/** @typedef {(before: string) => string} Maker - makes the text of a region, knowing what stands there */

/**
 * A document with its regions made anew.
 * @param {string} text
 * @param {ReadonlyMap<string, Maker>} makers - by name
 * @param {(region: string) => void} look - at each region as it was made
 * @returns {{ text: string, found: string[], unknown: string[] }}
 */
export function fill(text, makers, look) {
  /** @type {string[]} */
  const found = [];
  /** @type {string[]} */
  const unknown = [];
  const filled = text.replaceAll(REGION, (whole, begin, name, before, end) => {
    const make = makers.get(name);
    (make ? found : unknown).push(name);
    if (!make) return whole;
    const region = make(before);
    look(region);
    return `${begin}\n${region}\n\n${end}`;
  });
  return { text: filled, found, unknown };
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/**
 * What people wrote into the last column of a table, by the code or number in its first, in their order.
 * @param {string} text
 * @returns {Map<string, string>}
 */
export function writtenIn(text) {
  const rows = text.split('\n').filter((line) => /^\| *(?:`[\w.]+`|\d+) *\|/.test(line));
  return new Map(
    rows.map((line) => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      const key = (cells[0] ?? '').trim().replaceAll('`', '');
      return [key, (cells.at(-1) ?? '').trim().replaceAll('\\|', '|')];
    }),
  );
}
