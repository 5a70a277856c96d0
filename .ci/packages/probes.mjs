// What each package is tried with, once it is installed alone: a program of `probes/`, and the part it plays.
import { publicPackages, SCOPE } from './workspace.mjs';

/**
 * What there is around a program:
 * - `alone` – nothing; it runs to its end.
 * - `asks` – a broker of its own at `BROKER`, where `echo` and `count` are served; it runs to its end.
 * - `serves` – a broker at `BROKER`; it serves its `services` there until SIGTERM, as echoes, and is asked meanwhile.
 * - `carries` – peers that ask and serve at the endpoint in its first line; it goes on until SIGTERM.
 * - `commands` – it is no library: `command.mjs` runs its commands.
 * @typedef {'alone' | 'asks' | 'serves' | 'carries' | 'commands'} Part
 *
 * @typedef {{ part: Part, program?: string, beside?: string[], services?: string[] }} Probe `program`: in `probes/`;
 *   `beside`: files from there that it needs
 */

/**
 * By folder in `packages/`.
 * @type {Record<string, Probe>}
 */
const PROBES = {
  protocol: { part: 'alone', program: 'protocol.mjs' },
  transport: { part: 'alone', program: 'transport.mjs' },
  broker: { part: 'carries', program: 'broker.mjs' },
  client: { part: 'asks', program: 'client.mjs' },
  worker: {
    part: 'serves',
    program: 'worker.mjs',
    beside: ['handler.mjs'],
    services: ['probe', 'probe-threads'],
  },
  titanic: { part: 'asks', program: 'titanic.mjs' },
  contracts: { part: 'alone', program: 'contracts.mjs' },
  testing: { part: 'alone', program: 'testing.mjs' },
  cli: { part: 'commands' },
};

/** The project that has everything, which also lends peers to the others. */
export const EVERYTHING = 'everything';

/**
 * Projects of several packages, by name; `packages`: folders, all by default.
 * @type {Record<string, Probe & { packages?: string[] }>}
 */
const TOGETHER = {
  [EVERYTHING]: { part: 'alone', program: 'everything.mjs' },
};

/**
 * The blank projects: one for each public package alone, and those of several.
 * @returns {{ name: string, wanted: string[], probe: Probe }[]} `wanted`: names of packages
 * @throws {Error} where a public package has no probe, or a probe no package
 */
export function projects() {
  const packages = publicPackages();
  const alone = packages.map(({ folder, manifest }) => {
    const probe = PROBES[folder];
    if (probe === undefined)
      throw new Error(`${manifest.name} has no probe: add one to .ci/packages/probes.mjs`);
    return { name: folder, wanted: [manifest.name], probe };
  });
  const surplus = Object.keys(PROBES).filter((name) => !packages.some(({ folder }) => folder === name));
  if (surplus.length > 0)
    throw new Error(`there is no public package for the probes of ${surplus.join(', ')}`);
  const all = packages.map(({ folder }) => folder);
  const together = Object.entries(TOGETHER).map(([name, { packages: folders = all, ...probe }]) => ({
    name,
    wanted: folders.map((folder) => `${SCOPE}${folder}`),
    probe,
  }));
  return [...alone, ...together];
}
