import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RejectionReason } from '../../src/index';
import type { DirectionName } from './directions';

/** One test vector; vectors/README.md explains the fields. */
export interface Vector {
  readonly name: string;
  readonly direction: DirectionName;
  readonly frames: readonly string[];
  readonly layout?: readonly string[];
  readonly before?: readonly (readonly string[])[];
  readonly internedMax?: number;
  readonly decodeOnly?: true;
  readonly commands?: readonly Record<string, unknown>[];
  readonly rejection?: RejectionReason;
}

const folder = join(__dirname, '../../vectors');

/** Every vector of every file. */
export const VECTORS: readonly Vector[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector[]);

/** The frames as they come off a socket. */
export const framesOf = (hex: readonly string[]): Buffer[] => hex.map((each) => Buffer.from(each, 'hex'));

/** The frames without the empty one that begins a session. */
export const withoutOpening = (frames: readonly Buffer[]): readonly Buffer[] =>
  frames[0]?.length === 0 ? frames.slice(1) : frames;
