import type { Result } from '@majordomo/titanic';
import { CliError, EXIT, type ExitCode } from '../exit';
import { counted } from '../format';
import type { Output } from '../output';
import { renderJson, renderLines, renderRaw } from '../request/render';
import type { Format } from '../request/send-one';

/**
 * Prints the outcome of a request: its reply, as `request` does, or as JSON what is known of it, with the frames of the
 * reply where there is one.
 * @throws CliError where there is no reply and no JSON was asked for, saying why
 */
export async function printResult(result: Result, format: Format, output: Output): Promise<ExitCode> {
  const { status, reply } = result;
  if (format === 'json') await output.json({ ...status, ...(reply && { frames: renderJson(reply) }) });
  else if (reply) await output.write(format === 'raw' ? renderRaw(reply) : renderLines(reply));
  else throw new CliError(exitCodeOf(result), explain(result));
  return exitCodeOf(result);
}

function exitCodeOf({ status: { state } }: Result): ExitCode {
  if (state === 'done') return EXIT.ok;
  return state === 'dead' || state === 'cancelled' ? EXIT.serviceFailure : EXIT.timeout;
}

function explain({ status: { id, state, attempts, error } }: Result): string {
  const why = error ? `: ${error.workerCode ?? error.code}: ${error.message}` : '';
  if (state === 'dead') return `request ${id} is a dead letter after ${counted(attempts, 'attempt')}${why}`;
  if (state === 'expired') return `request ${id} outlived its time and was not delivered${why}`;
  if (state === 'cancelled') return `request ${id} was cancelled`;
  return `request ${id} has no reply yet, it is ${state} (--wait waits for it)${why}`;
}
