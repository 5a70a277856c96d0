import type { z } from 'zod';
import type { ExitCode } from '../exit';

/** One thing that can be set. Its flag, environment variable, config key and help all come from here. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  /**
   * How its text on a command line or in an environment variable is read. A list's items may be split by commas, and
   * entries, which have commas of their own, by semicolons.
   */
  readonly takes: 'number' | 'text' | 'list' | 'entries' | 'switch';
  /** The key that its flag is made of, where that is not its own: two commands mean different things by one flag. */
  readonly flag?: string;
  /** What stands for the value in the help; a switch has none. */
  readonly placeholder?: string;
  /** What fits, and the default: what comes out for `undefined`. */
  readonly schema: Schema;
  readonly description: string;
  /** What holds where nothing is said and the schema has no default, for the help: who gets it decides then. */
  readonly otherwise?: string;
  /** Its default for the help, where that is no text or number. */
  readonly show?: (value: never) => string;
  /** True for what belongs to one call and makes no sense in a file or an environment. */
  readonly flagOnly?: true;
  /** The exit code for a value that does not fit, where it is not that of a usage error. */
  readonly faultExit?: ExitCode;
}

/** `heartbeatMs` → `--heartbeat-ms` */
export function flagOf(key: string): string {
  return `--${words(key).join('-')}`;
}

/** `heartbeatMs` → `MAJORDOMO_HEARTBEAT_MS` */
export function variableOf(key: string): string {
  return `MAJORDOMO_${words(key).join('_').toUpperCase()}`;
}

function words(key: string): string[] {
  return key.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}
