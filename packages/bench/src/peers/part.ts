import type { Answers } from '../processes/questions';

/**
 * The parts that processes play for a peer.
 * - `broker`, `worker`, `client`: echo by request and reply;
 * - `generator`, `reader`: one request, many replies;
 * - `pipe`, `receiver`, `sender`: one way, no replies; where there is no `pipe`, the broker is in between;
 * - `manyWorkers`, `manyClients`: as worker and client, many of them in one process;
 * - `everything`: broker, worker and client in one process, for inproc;
 * - `keeper`, `doer`, `submitter`: durable work: who keeps it, who does it, who asks for it;
 * - `codec`: no sockets at all.
 */
export type Part =
  | 'broker'
  | 'worker'
  | 'client'
  | 'generator'
  | 'reader'
  | 'pipe'
  | 'receiver'
  | 'sender'
  | 'manyWorkers'
  | 'manyClients'
  | 'everything'
  | 'keeper'
  | 'doer'
  | 'submitter'
  | 'codec';

/** How the processes of a peer are connected. */
export type Transport = 'tcp' | 'ipc' | 'inproc';

/** How a peer of ours is watched while it works. */
export type Watched = 'metrics' | 'tracing';

/** What a part is started with. */
export interface PartParams {
  /** Of brokers: what to listen on. Default tcp on a port that is free. */
  readonly transport?: Transport;
  /** Of everybody else: where the broker, or else the worker, is. */
  readonly address?: string;
  /** Which dialect to speak, where there are several. */
  readonly protocol?: string;
  /** What is watched: by metrics that somebody reads, or by a span for every call. */
  readonly watched?: Watched;
  /** Of `manyWorkers` and `manyClients`: the services, by number, and the workers that each has in this process. */
  readonly services?: ServiceRange;
  /** Of `manyClients`: how many. */
  readonly clients?: number;
}

/** Services by number, see `serviceName`. */
export interface ServiceRange {
  readonly from: number;
  readonly count: number;
  readonly workersEach: number;
}

/** A part that is being played. */
export interface RunningPart {
  /** Where the others find it. */
  readonly address?: string;
  readonly answers?: Answers;
  close(): void | Promise<void>;
}

/** The module of a part. */
export interface PartModule {
  start(params: PartParams): Promise<RunningPart>;
}

/** The address that a part cannot do without. */
export function addressOf({ address }: PartParams): string {
  if (address === undefined) throw new Error('This part needs the address of its broker.');
  return address;
}
