import type { RunningPart } from '../part';
import { redis } from './redis';

/** What Redis has confirmed is synced. */
export const start = (): Promise<RunningPart> => redis(['--appendonly', 'yes', '--appendfsync', 'always']);
