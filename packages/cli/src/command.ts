import type { ExitCode } from './exit';
import type { Output } from './output';
import type { SettingKey, Settings } from './settings/table';

/** What a subcommand is run with. */
export interface Invocation<Key extends SettingKey> {
  /** The operands, in order, what came behind `--` included. */
  readonly args: readonly string[];
  readonly settings: Settings<Key>;
  readonly output: Output;
}

/** A subcommand's own module, loaded when it is run and not before. */
export interface CommandModule<Key extends SettingKey> {
  readonly run: (invocation: Invocation<Key>) => Promise<ExitCode>;
}

/** What the command line knows of a subcommand before it is run. */
export interface CommandDefinition<Key extends SettingKey = SettingKey> {
  /** One word, or two: the group that it is of, and its own. */
  readonly name: string;
  /** In commander's notation, with what the help says of each. */
  readonly operands: readonly (readonly [notation: string, description: string])[];
  readonly summary: string;
  readonly description: string;
  readonly settings: readonly Key[];
  /** Defaults of this command, in place of those of the table. */
  readonly defaults: Partial<Settings<NoInfer<Key>>>;
  /** What holds here where nothing is said, in words, in place of those of the table. */
  readonly otherwise?: Partial<Record<NoInfer<Key>, string>>;
  /** Each a command line and what it does. */
  readonly examples: readonly (readonly [commandLine: string, purpose: string])[];
  readonly load: () => Promise<CommandModule<NoInfer<Key>>>;
}

/** Checks that a command's module asks for no setting but those that its definition lists. */
export function defineCommand<const Key extends SettingKey>(
  definition: CommandDefinition<Key>,
): CommandDefinition {
  return definition;
}
