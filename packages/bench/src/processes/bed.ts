import type { PartParams, Part, Transport } from '../peers/part';
import { hasPart } from '../peers/parts';
import type { Peer } from '../peers/peers';
import { Child } from './child-process';
import type { Usage } from './questions';

/** Which parts are played: echo is `broker`, `worker`, `client`. */
export interface Cast {
  /** What is between the others; a peer that has none is used directly. */
  readonly between?: Part;
  readonly worker: Part;
  readonly client: Part;
}

export const ECHO_CAST: Cast = { between: 'broker', worker: 'worker', client: 'client' };

/** What the parts are started with, beyond where they find each other. */
export interface BedParams {
  readonly transport?: Transport;
  /** One child per entry. Default: one worker. */
  readonly workers?: readonly PartParams[];
  readonly client?: PartParams;
}

/** A peer that is up: its broker, its workers and its client, each a process. */
export class Bed {
  private constructor(
    readonly peer: Peer,
    readonly broker: Child | undefined,
    readonly workers: readonly Child[],
    readonly client: Child,
  ) {}

  /** Starts the processes of a peer, broker first; what was started is ended again where one fails. */
  static async start(peer: Peer, cast: Cast = ECHO_CAST, params: BedParams = {}): Promise<Bed> {
    const started: Child[] = [];
    const start = async (part: Part, own: PartParams): Promise<Child> => {
      const { protocol, watched } = peer;
      const common = { ...(protocol && { protocol }), ...(watched && { watched }) };
      const child = await Child.start({ peer: peer.name, part, params: { ...common, ...own } });
      started.push(child);
      return child;
    };
    const { between } = cast;
    try {
      const broker =
        between && hasPart(peer.name, between)
          ? await start(between, { transport: params.transport ?? 'tcp' })
          : undefined;
      const at = broker && { address: broker.address };
      const workers: Child[] = [];
      for (const own of params.workers ?? [{}]) workers.push(await start(cast.worker, { ...at, ...own }));
      const address = broker?.address ?? workers[0]!.address;
      const client = await start(cast.client, { address, ...params.client });
      return new Bed(peer, broker, workers, client);
    } catch (error) {
      await Promise.all(started.map((child) => child.stop()));
      throw error;
    }
  }

  /** What the broker has used so far; `gc` collects garbage first. Undefined where there is none. */
  async brokerUsage({ gc }: { readonly gc: boolean } = { gc: false }): Promise<Usage | undefined> {
    return await this.broker?.ask('usage', { gc });
  }

  /** Tells workers that size themselves by it how many calls will be in flight. */
  async prepare(inFlight: number): Promise<void> {
    for (const worker of this.workers) await worker.ask('prepare', { inFlight });
  }

  async stop(): Promise<void> {
    await this.client.stop();
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.broker?.stop();
  }
}
