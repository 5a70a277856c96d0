import { clientOptionsSchema } from '@majordomo/client';
import { parseOptions } from '@majordomo/protocol';
import { postgresBinaries } from '@majordomo/testkit';
import { messageOf } from '../errors';
import { versionOfProgram } from '../versions';
import type { Peer } from './peers';

/** Why a peer cannot take part on this machine, or undefined where it can. */
export function missing({ program, protocol }: Peer): string | undefined {
  if (program !== undefined && !isInstalled(program)) return `${program} is not installed`;
  return protocol === undefined ? undefined : refusal(protocol);
}

/** PostgreSQL is seldom on the PATH. */
function isInstalled(program: string): boolean {
  return program === 'postgres' ? postgresBinaries() !== undefined : versionOfProgram(program) !== undefined;
}

/** A dialect is there where our own options take it. */
function refusal(protocol: string): string | undefined {
  try {
    parseOptions(clientOptionsSchema, { protocol }, 'client');
    return undefined;
  } catch (error) {
    return `this version does not know it: ${messageOf(error)}`;
  }
}
