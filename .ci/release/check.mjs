// A release is tried out as far as it goes without anybody noticing: docs/RELEASING.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../packages/workspace.mjs';
import { publish, refuseUnproven, version } from './dry-run.mjs';
import { complaintsAboutManifests } from './manifests.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'majordomo-release-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const clone = join(scratch, 'clone');

try {
  const complaints = complaintsAboutManifests(ROOT);
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  console.log('ranges   of each other, and what provenance needs: all package.json are right');
  console.log(`version  ${(await version(clone)).join(', ')}`);
  console.log(`publish  ${(await publish(clone)).join(', ')}`);
  await refuseUnproven(clone);
  console.log('proven   nothing is published with provenance from here');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
