import type { RunningPart } from '../part';
import { redis } from './redis';

/** redis-server itself, without persistence. */
export const start = (): Promise<RunningPart> => redis(['--save', '', '--appendonly', 'no']);
