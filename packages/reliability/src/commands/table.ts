/** A command's own module, loaded when it is run and not before. */
export interface CommandModule {
  /**
   * Runs it, and tells whether all held.
   * @throws UsageError for flags that do not fit
   */
  readonly run: (flags: Readonly<Record<string, unknown>>) => Promise<boolean>;
}

/** What the command line knows of a command before it is run. */
export interface CommandDefinition {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly (readonly [notation: string, help: string])[];
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'fuzz',
    summary:
      'hands changed messages to every decoder, and to a broker, clients and workers over real sockets',
    flags: [
      ['--messages <count>', 'messages in all; default 1,000,000'],
      ['--seed <number>', 'the same seed makes the same messages; default 1'],
      ['--target <name>', 'decoders, sessions, broker, client or worker; default: all, one after another'],
      ['--thorough', 'make every check of every message, not of a sample of them'],
    ],
    load: () => import('./fuzz'),
  },
];
