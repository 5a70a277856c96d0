// What documents say is printed, held against what was.

/**
 * What differs from run to run: times, numbers, ids, and how much of a line they fill. A plain 0 stays what it is: that
 * nothing failed, waits or was lost is no matter of chance.
 * @param {string} line
 */
const shape = (line) =>
  line
    .replace(/\b[0-9a-f]{8,}\b/g, '#')
    .replace(/\d+([.,:]\d+)*/g, (number) => (number === '0' ? number : '#'))
    .replace(/[#0]\s*(ns|µs|ms|s|m|h|KiB|MiB|GiB)\b/g, '#')
    .replace(/[─-]{3,}/g, '---')
    .replace(/\s+/g, ' ')
    .trim();

/** @param {string} text */
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/**
 * A line as a document has it, `…` in which stands for anything.
 * @param {string} line
 */
const pattern = (line) => new RegExp(`^${line.split('…').map(shape).map(literally).join('.*')}$`);

/**
 * The lines of a document that were not printed, in whatever order, each as often as it stands there. `…` alone is a line
 * that is left out.
 * @param {readonly string[]} lines
 * @param {string} printed
 */
export function missing(lines, printed) {
  const left = printed.split('\n').map(shape);
  return lines.filter((line) => {
    if (line.trim() === '' || line.trim() === '…') return false;
    const fits = pattern(line);
    const at = left.findIndex((each) => fits.test(each));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
