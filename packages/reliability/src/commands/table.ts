/** What a command comes to. */
export interface CommandOutcome {
  /** False where it found what must not be. */
  readonly passed: boolean;
  /** The report for people, as far as it was not shown on the way. */
  readonly text: string;
  /** The same for programs. */
  readonly report: object;
}

/** A command's own module, loaded when it is run and not before. */
export interface CommandModule {
  /** @throws UsageError where the flags do not fit */
  readonly run: (flags: Readonly<Record<string, unknown>>) => Promise<CommandOutcome>;
}

/** What the command line knows of a command before it is run. */
export interface CommandDefinition {
  readonly name: string;
  readonly summary: string;
  /** As commander writes them; `--json` is every command's. */
  readonly flags: readonly { readonly notation: string; readonly help: string }[];
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'sim',
    summary: 'the real cores in a virtual world, from seeds: everything that can go wrong, and checkers',
    flags: [
      { notation: '--seeds <count>', help: 'worlds to run; default: 1,000' },
      { notation: '--start <seed>', help: 'the first seed; default: 1' },
      { notation: '--seconds <seconds>', help: 'stop after so long' },
      { notation: '--seed <seed>', help: 'one world alone' },
      { notation: '--trace', help: 'with --seed: print its event log' },
      { notation: '--plan', help: 'with --seed: print its plan as JSON' },
      { notation: '--mutants', help: 'plant bugs into the cores, and show which seed catches each' },
    ],
    load: () => import('./sim'),
  },
  {
    name: 'fuzz',
    summary:
      'hands changed messages to every decoder, and to a broker, clients and workers over real sockets',
    flags: [
      { notation: '--messages <count>', help: 'messages in all; default: 1,000,000' },
      { notation: '--seed <number>', help: 'the same seed makes the same messages; default: 1' },
      {
        notation: '--target <name>',
        help: 'decoders, sessions, broker, client or worker; default: all, one after another',
      },
      { notation: '--thorough', help: 'make every check of every message, not of a sample of them' },
    ],
    load: () => import('./fuzz'),
  },
  {
    name: 'chaos',
    summary: 'kill, freeze and cut off real processes under load, and audit what became of every request',
    flags: [
      { notation: '--scenario <name>', help: 'storm, rolling or broker-kill; default: storm' },
      { notation: '--seconds <seconds>', help: 'how long faults are made; default: 60' },
      { notation: '--seed <number>', help: 'where the plan of faults comes from; default: one of its own' },
      { notation: '--keep <directory>', help: 'write the ledgers there, and leave them' },
    ],
    load: () => import('../chaos'),
  },
  {
    name: 'durable',
    summary:
      'kill titanic, broker, workers and PostgreSQL under durable requests, and audit what became of each',
    flags: [
      { notation: '--scenario <name>', help: 'kills, three or round-hour; default: kills' },
      { notation: '--store <name>', help: 'sqlite or postgres; default: sqlite, and postgres for three' },
      { notation: '--requests <count>', help: 'requests in all; default: 10,000' },
      { notation: '--seconds <seconds>', help: 'over which time they are submitted; default: 400 a second' },
      {
        notation: '--kills <count>',
        help: 'how many are killed at the most, with kills; default: one in 400 requests',
      },
      {
        notation: '--pace <count>',
        help: 'requests per second of the service, with round-hour; default: 1,000',
      },
      { notation: '--seed <number>', help: 'where requests and kills come from; default: one of its own' },
      {
        notation: '--plant <name>',
        help: 'plant a bug into the store, and kill nobody: the audit has to find it',
      },
      { notation: '--keep <directory>', help: 'write the ledgers there, and leave them' },
    ],
    load: () => import('../durable'),
  },
  {
    name: 'overload',
    summary: 'offer far more than can be served, and let peers misbehave, while a meek one is measured',
    flags: [
      { notation: '--scenario <names>', help: 'one or several, such as overload,mmi; default: all' },
      {
        notation: '--seconds <seconds>',
        help: 'how long the overload lasts; others take a sixth; default: 60',
      },
    ],
    load: () => import('../overload'),
  },
];
