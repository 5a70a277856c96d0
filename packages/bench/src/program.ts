import { Command, CommanderError } from 'commander';
import { COMMANDS, type CommandDefinition } from './commands/table';
import { environment } from './environment';
import { BenchError, UsageError } from './errors';
import { FLAGS } from './flags';
import { readOptions } from './read-options';

/** What the process says to the shell. */
const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

const OVERVIEW = `
Results go to standard output, progress to standard error. With --json, the last line is one JSON object.

Examples:
  $ npm run bench -- rpc --quick --json
  $ npm run bench -- rpc --peers ours-0.2,nats --in-flight 1,100 --sizes 100,64KiB
  $ npm run bench -- report
`;

/**
 * Runs one command line to its end and tells the exit code: 0, 1 for a run that failed, 2 for wrong usage.
 * @param argv - the arguments, without those for Node and the script
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('bench')
    .description('The same work through this bus and through its alternatives, in one run.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bench: ')) })
    .addHelpText('after', OVERVIEW);
  for (const definition of COMMANDS) addCommand(program, definition, argv);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has said what is wrong already; its own code for that is 1.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`bench: ${explain(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failure;
  }
}

/** One line for what can happen; the stack of what should not. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof BenchError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function addCommand(program: Command, definition: CommandDefinition, argv: readonly string[]): void {
  const { name, summary, flags, load } = definition;
  const command = program.command(name).summary(summary).description(summary);
  for (const flag of flags) command.option(FLAGS[flag].notation, FLAGS[flag].help);
  command.action(async () => {
    const options = readOptions(command.opts());
    const made = environment(argv);
    const { run, show } = await load();
    const report = await run(options, made);
    process.stdout.write(`${show(report)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify({ ...report, environment: made })}\n`);
  });
}
