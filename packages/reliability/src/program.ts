import { Command, CommanderError } from 'commander';
import { COMMANDS, type CommandDefinition } from './commands/table';
import { RunError, UsageError } from './errors';

/** What the process says to the shell. */
const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/**
 * Runs one command line to its end and tells the exit code: 0, 1 for a run that failed or found something, 2 for wrong
 * usage.
 * @param argv - the arguments, without those for Node and the script
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let passed = true;
  const program = new Command('reliability')
    .description('What tries to break the bus.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'reliability: ')) });
  for (const definition of COMMANDS) {
    addCommand(program, definition, (outcome) => (passed = outcome));
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return passed ? EXIT.ok : EXIT.failure;
  } catch (error) {
    // Commander has said what is wrong already; its own code for that is 1.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`reliability: ${explain(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failure;
  }
}

/** One line for what can happen; the stack of what should not. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof RunError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function addCommand(program: Command, definition: CommandDefinition, told: (passed: boolean) => void): void {
  const { name, summary, flags, load } = definition;
  const command = program.command(name).summary(summary).description(summary);
  for (const { notation, help } of flags) command.option(notation, help);
  command.option('--json', 'print one JSON object as the last line');
  command.action(async () => {
    const { json = false, ...given } = command.opts<{ json?: boolean }>();
    const { run } = await load();
    const { passed, text, report } = await run(given);
    if (text) process.stdout.write(`${text}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ passed, ...report })}\n`);
    told(passed);
  });
}
