import type { CommandModule } from '../commands/table';
import { hasPassed } from '../findings';
import { endOnSignals } from '../processes/running';
import { readOptions } from './options';
import { runDurable } from './run';
import { show } from './show';

/** The command `durable`. The report goes to standard output, progress to standard error. */
export const run: CommandModule['run'] = async (flags) => {
  const options = readOptions(flags);
  endOnSignals();
  const report = await runDurable(options, (line) => process.stderr.write(`${line}\n`));
  return { passed: hasPassed(report), text: show(report), report };
};
