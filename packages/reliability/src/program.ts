import { Command, CommanderError } from 'commander';
import { COMMANDS, type CommandDefinition } from './commands/table';
import { UsageError } from './errors';

/** What the process says to the shell. */
const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/**
 * Runs one command line to its end and tells the exit code: 0, 1 where something was found or failed, 2 for wrong
 * usage.
 * @param argv - the arguments, without those for Node and the script
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('reliability')
    .description('Tries to break the bus.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'reliability: ')) });
  let found = false;
  for (const definition of COMMANDS) addCommand(program, definition, () => (found = true));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return found ? EXIT.failure : EXIT.ok;
  } catch (error) {
    // Commander has said what is wrong already; its own code for that is 1.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError) process.stderr.write(`reliability: ${error.message}\n`);
    else process.stderr.write(`reliability: ${error instanceof Error ? error.stack : String(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failure;
  }
}

function addCommand(program: Command, definition: CommandDefinition, onFound: () => void): void {
  const { name, summary, flags, load } = definition;
  const command = program.command(name).summary(summary).description(summary);
  for (const [notation, help] of flags) command.option(notation, help);
  command.action(async () => {
    const { run } = await load();
    if (!(await run(command.opts()))) onFound();
  });
}
