import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan';
import { packagesFolder } from './build';

/** A plan that found something once, or is there to find it. */
export interface Scenario {
  readonly name: string;
  readonly plan: Plan;
}

/** The scenarios in `test/sim/scenarios`, by name. */
export function scenarios(): Scenario[] {
  const folder = join(packagesFolder(), 'reliability/test/sim/scenarios');
  return readdirSync(folder)
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, '').replaceAll('-', ' '),
      plan: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Plan,
    }));
}
