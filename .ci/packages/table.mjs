// docs/PACKAGES.md: written, and read again.
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from './workspace.mjs';

const ABOUT = `# The packages, weighed

What each published package weighs, and what it brings along. Written by \`npm run check:packages -- --write\`, and
checked in CI: against the budget in \`.ci/packages/budget.json\`, which is raised on purpose or not at all, and against
what is packed, which may be a tenth away from what stands here.

- **tarball**, **unpacked**: what \`npm pack\` makes of it, before and after it is unpacked, in KiB. Source maps are not
  published.
- **dependencies**: those in its package.json, ours among them.
- **installs**: how many packages \`npm install\` of it alone brings, itself not counted. Optional peers
  (OpenTelemetry) are not among them.
`;

/**
 * @param {import('./pack.mjs').Packed[]} packages
 * @param {Map<string, import('./sizes.mjs').Size>} sizes
 */
export async function table(packages, sizes) {
  const rows = packages.map(({ folder, manifest }) => {
    const size = /** @type {import('./sizes.mjs').Size} */ (sizes.get(manifest.name));
    return [
      `[${manifest.name}](../packages/${folder})`,
      size.tarballKiB,
      size.unpackedKiB,
      size.dependencies,
      size.installs,
      Object.keys(manifest.dependencies ?? {}).join(', '),
    ];
  });
  const head = ['package', 'tarball', 'unpacked', 'dependencies', 'installs', 'which it depends on'];
  const align = ['---', '--:', '--:', '--:', '--:', '---'];
  const lines = [head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const path = join(ROOT, 'docs', 'PACKAGES.md');
  return format(`${ABOUT}\n${lines.join('\n')}\n`, { ...(await resolveConfig(path)), filepath: path });
}

/**
 * @param {string} text
 * @returns {Map<string, import('./sizes.mjs').Size>} by package name
 */
export function readTable(text) {
  const rows = text.matchAll(/^\| \[(\S+)\]\(\S+\) +\| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \|/gm);
  return new Map(
    [...rows].map(([, name, ...numbers]) => {
      const [tarballKiB = 0, unpackedKiB = 0, dependencies = 0, installs = 0] = numbers.map(Number);
      return [String(name), { tarballKiB, unpackedKiB, dependencies, installs }];
    }),
  );
}
