import {
  HEARTBEAT,
  NO_METADATA,
  Body,
  packedClient,
  packedWorker,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type Limits,
  type PackedSession,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { RawConnection } from './zmtp';

/** What the broker may send: as much as it likes. */
const LIMITS: Limits = { framesMax: 65_535, frameBytesMax: 2 ** 31 - 1, messageBytesMax: 2 ** 31 - 1 };

const INTRODUCTION = { revision: 1, heartbeatMs: 1_000, capabilities: 0, metadata: NO_METADATA };

/** How often these peers show that they live, in ms. */
const BEAT_MS = 200;

/** A packed peer on a raw connection: it says what it is told to, and heartbeats whether it reads or not. */
class PackedPeer<Out, In> {
  readonly #beats: NodeJS.Timeout;

  constructor(
    readonly connection: RawConnection,
    private readonly session: PackedSession<Out, In>,
    heartbeat: Out,
  ) {
    this.#beats = setInterval(() => this.say(heartbeat), BEAT_MS).unref();
  }

  /** Sends commands in one message. */
  say(...commands: readonly Out[]): boolean {
    if (!this.connection.isOpen) clearInterval(this.#beats);
    for (const command of commands) this.session.add(command);
    return this.connection.send(...this.session.take());
  }

  close(): void {
    clearInterval(this.#beats);
    this.connection.close();
  }
}

export type PackedClientPeer = PackedPeer<ClientToBroker, BrokerToClient>;
export type PackedWorkerPeer = PackedPeer<WorkerToBroker, BrokerToWorker>;

/** Opens a packed session and resolves once the broker has said WELCOME. */
async function begin<Out, In extends { readonly kind: string }>(
  endpoint: string,
  session: PackedSession<Out, In>,
  opening: Out,
  heartbeat: Out,
  heard: (command: In) => void,
): Promise<PackedPeer<Out, In>> {
  let welcomed: () => void = () => undefined;
  const welcome = new Promise<void>((resolve) => (welcomed = resolve));
  const connection = await RawConnection.open(endpoint, (frames) => {
    const decoded = session.decode(frames, LIMITS);
    if (!decoded.ok) return;
    for (const command of decoded.command) {
      if (command.kind === 'welcome') welcomed();
      heard(command);
    }
  });
  session.add(opening);
  connection.send('', ...session.take());
  await welcome;
  return new PackedPeer(connection, session, heartbeat);
}

/** A packed client in session. */
export function newPackedClient(
  endpoint: string,
  heard: (command: BrokerToClient) => void = () => undefined,
): Promise<PackedClientPeer> {
  return begin<ClientToBroker, BrokerToClient>(
    endpoint,
    packedClient(),
    { kind: 'hello', ...INTRODUCTION },
    HEARTBEAT,
    heard,
  );
}

/** A packed worker that is registered. */
export function newPackedWorker(
  endpoint: string,
  service: string,
  credit: number,
  heard: (command: BrokerToWorker) => void = () => undefined,
): Promise<PackedWorkerPeer> {
  return begin<WorkerToBroker, BrokerToWorker>(
    endpoint,
    packedWorker(),
    { kind: 'ready', service, credit, ...INTRODUCTION },
    HEARTBEAT,
    heard,
  );
}

/** A request of a packed client. */
export function request(id: number, service: string, body: string | Uint8Array): ClientToBroker {
  return {
    kind: 'request',
    id,
    service,
    body: Body.of(body),
    remainingMs: 0,
    window: 0,
    priority: 4,
    failFast: false,
    metadata: NO_METADATA,
  };
}
