import { z } from 'zod';

/** Takes one log line: structured fields first, then the text. What pino's methods take. */
export type LogMethod = (fields: object, message: string) => void;

/** Where a broker, client or worker logs to: pino fits as it is. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const ignore: LogMethod = () => undefined;

/** Logs nothing: the default of every package, for a library does not write to a stream that is not its own. */
export const SILENT: Logger = Object.freeze({ debug: ignore, info: ignore, warn: ignore, error: ignore });

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

function isLogger(value: unknown): value is Logger {
  if (typeof value !== 'object' || value === null) return false;
  return LEVELS.every((level) => typeof (value as Partial<Logger>)[level] === 'function');
}

/** A logger as an option: silent where none is given. */
export const loggerSchema = z
  .custom<Logger>(isLogger, 'should have the methods debug, info, warn and error')
  .default(() => SILENT);
