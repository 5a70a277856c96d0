import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const here = createRequire(import.meta.url);

/** What a server program says of its version, or undefined where it is not installed. */
export function versionOfProgram(name: string): string | undefined {
  try {
    const said = execFileSync(name, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? said.trim();
  } catch {
    return undefined;
  }
}

/** The version of an installed package: that of the package.json above its entry. */
export function versionOfPackage(name: string): string | undefined {
  try {
    for (let at = dirname(here.resolve(name)); at !== dirname(at); at = dirname(at)) {
      const file = join(at, 'package.json');
      if (!existsSync(file)) continue;
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (manifest.name === name) return manifest.version;
    }
    return undefined;
  } catch {
    return undefined;
  }
}
