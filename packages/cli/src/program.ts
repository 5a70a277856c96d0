import { isMajordomoError } from '@majordomo/protocol';
import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import type { CommandDefinition } from './command';
import { COMMANDS, GROUPS } from './commands/table';
import { CliError, EXIT, EXIT_MEANINGS, exitCodeOf, type ExitCode } from './exit';
import { complain, Output } from './output';
import { flagFor } from './settings/flags';
import { resolveSettings } from './settings/resolve';

const OVERVIEW = `
Settings come from flags, then MAJORDOMO_* environment variables, then a JSON
file (--config), then defaults.

Exit codes:
${Object.entries(EXIT_MEANINGS)
  .map(([code, meaning]) => `  ${code}  ${meaning}\n`)
  .join('')}
Examples:
  $ majordomo up &
  $ majordomo worker echo --echo &
  $ majordomo request echo hello
  $ majordomo submit echo 'hello, later' --in 5m
`;

/**
 * Runs one command line to its end and says with which code the process should exit.
 * @param argv - the arguments, without those for Node and the script
 */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = new Command('majordomo')
    .description(
      'The Majordomo service bus: run brokers and workers, send requests now or for later, look around.',
    )
    .version(version)
    .enablePositionalOptions()
    // The names of commands leave less than Commander would wrap within, in 80 columns.
    .configureHelp({ minWidthToWrap: 30 })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'majordomo: ')) })
    .addHelpText('after', OVERVIEW);
  for (const definition of COMMANDS) {
    addCommand(program, definition, (code) => {
      exitCode = code;
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong already; its own code for that is 1, ours is 2.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    complain(explain(error));
    return exitCodeOf(error);
  }
}

/** One line for what can happen; the stack of what should not. */
function explain(error: unknown): string {
  if (error instanceof CliError || isMajordomoError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The command that a group of others is under, made with the first of them. */
function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  return known ?? program.command(name).description(GROUPS[name] ?? name);
}

function addCommand(program: Command, definition: CommandDefinition, done: (code: ExitCode) => void): void {
  const { name, summary, description, operands, settings, examples } = definition;
  const words = name.split(' ');
  const own = words.pop() ?? name;
  const command = words.reduce(groupOf, program).command(own).summary(summary).description(description);
  for (const [notation, purpose] of operands) command.argument(notation, purpose);
  for (const key of [...settings, 'config' as const]) command.addOption(flagFor(key, definition));
  const lines = examples.map(([commandLine, purpose]) => `  $ ${commandLine}\n      ${purpose}\n`);
  command.addHelpText('after', `\nExamples:\n${lines.join('')}`);
  command.action(async () => {
    done(await runCommand(definition, command));
  });
}

async function runCommand(definition: CommandDefinition, command: Command): Promise<ExitCode> {
  const { settings: keys, defaults } = definition;
  const settings = await resolveSettings(keys, { flags: command.opts(), env: process.env, defaults });
  const { run } = await definition.load();
  return run({ args: command.args, settings, output: new Output(process.stdout) });
}
