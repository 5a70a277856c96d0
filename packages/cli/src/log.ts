import { pino, stdTimeFunctions, type Logger } from 'pino';

const STDERR = 2;

/** No line has any of these; where one came to have one, by the error of a handler for instance, it is not written. */
const REDACTED = ['body', 'frames', 'token', 'secretKey'].flatMap((name) => [name, `*.${name}`]);

/**
 * A logger to standard error: JSON, one object a line, or text for people where it is a terminal.
 * It writes synchronously, so that the last lines before an exit are not lost.
 */
export async function createLogger(level: string): Promise<Logger> {
  const options = {
    level,
    name: 'majordomo',
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ fd: STDERR, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ destination: STDERR, sync: true, singleLine: true, ignore: 'pid,hostname,name' }),
  );
}
