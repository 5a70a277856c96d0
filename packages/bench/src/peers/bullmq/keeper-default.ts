import type { RunningPart } from '../part';
import { redis } from './redis';

/** Redis as it comes. */
export const start = (): Promise<RunningPart> => redis([]);
