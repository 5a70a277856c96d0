import { postgresBinaries } from '@majordomo/testkit';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { version as libzmq } from 'zeromq';
import { versionOfPackage, versionOfProgram } from './versions';

/** What a run was made with: figures mean nothing without it. */
export interface Environment {
  /** When the run began, ISO 8601. */
  readonly at: string;
  /** The arguments of the command. */
  readonly command: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** By name; what is not installed is not there. */
  readonly versions: Readonly<Record<string, string>>;
}

const PACKAGES = [
  '@majordomo/broker',
  '@majordomo/client',
  '@majordomo/worker',
  '@majordomo/titanic',
  'zeromq',
  '@nats-io/transport-node',
  'bullmq',
  'pg-boss',
  'fastify',
  'undici',
  '@grpc/grpc-js',
];
const PROGRAMS = ['nats-server', 'redis-server'];

/** Looks around. */
export function environment(argv: readonly string[]): Environment {
  const found: [string, string | undefined][] = [
    ['node', process.versions.node],
    ['libzmq', libzmq],
    ...PROGRAMS.map((name): [string, string | undefined] => [name, versionOfProgram(name)]),
    ['postgres', versionOfProgram(join(postgresBinaries() ?? '', 'postgres'))],
    ...PACKAGES.map((name): [string, string | undefined] => [name, versionOfPackage(name)]),
  ];
  const [cpu] = cpus();
  return {
    at: new Date().toISOString(),
    command: ['npm run bench --', ...argv].join(' '),
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${process.arch}`,
    versions: Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}
