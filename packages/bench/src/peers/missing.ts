import { clientOptionsSchema } from '@majordomo/client';
import { parseOptions } from '@majordomo/protocol';
import { messageOf } from '../errors';
import { versionOfProgram } from '../versions';
import type { Peer } from './peers';

/** Why a peer cannot take part on this machine, or undefined where it can. */
export function missing({ program, protocol }: Peer): string | undefined {
  if (program !== undefined && versionOfProgram(program) === undefined) return `${program} is not installed`;
  return protocol === undefined ? undefined : refusal(protocol);
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
