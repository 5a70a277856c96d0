import type { BrokerToClient, BrokerToWorker, ClientToBroker, WorkerToBroker } from '../commands';
import type { Dialect } from '../dialect';
import type { Frame } from '../frame';
import type { Limits } from '../limits';
import type { Decoded } from '../rejection';
import { BatchWriter } from './batch-writer';
import {
  decodeRecords,
  InternedServices,
  readFromClient,
  readFromWorker,
  readToClient,
  readToWorker,
  type ReadRecord,
} from './decode';
import { ServiceNumbers, writeFromClient, writeFromWorker, writeToClient, writeToWorker } from './encode';
import { CLIENT_HEADER_P1, WORKER_HEADER_P1 } from './layout';

/**
 * One side of one packed session (docs/PROTOCOL.md, "MDP/P1"): commands are added and leave together as one
 * message, messages come in and are commands again. It has a memory (service numbers), so each connection has its
 * own.
 */
export class PackedSession<Out, In> implements Dialect {
  readonly name = 'packed';
  readonly partials = true;
  readonly packed = true;
  readonly #writer: BatchWriter;

  constructor(
    private readonly header: Frame,
    private readonly write: (writer: BatchWriter, command: Out) => void,
    private readonly read: ReadRecord<In>,
  ) {
    this.#writer = new BatchWriter(header);
  }

  /** True where nothing has been added since the last message. */
  get empty(): boolean {
    return this.#writer.empty;
  }

  /** True where the message has grown so large that it should be taken before more is added. */
  get full(): boolean {
    return this.#writer.full;
  }

  /**
   * Adds a command to the message that leaves next.
   * @throws whatever kept it from being written, such as a body whose memory was given away; then it is left out,
   * and the others leave all the same
   */
  add(command: Out): void {
    try {
      this.write(this.#writer, command);
    } catch (error) {
      this.#writer.abandon();
      throw error;
    }
  }

  /** The message of all commands added since the last one; not to be asked for while {@link empty}. */
  take(): Frame[] {
    return this.#writer.take();
  }

  /** The commands in a message, all of them or none; never an exception. */
  decode(frames: readonly Frame[], limits: Limits): Decoded<readonly In[]> {
    return decodeRecords(frames, this.header, limits, this.read);
  }
}

/** A client's side of a session with a broker. */
export type PackedClient = PackedSession<ClientToBroker, BrokerToClient>;
/** A broker's side of a session with a client. */
export type PackedClientAtBroker = PackedSession<BrokerToClient, ClientToBroker>;
/** A worker's side of a session with a broker. */
export type PackedWorker = PackedSession<WorkerToBroker, BrokerToWorker>;
/** A broker's side of a session with a worker. */
export type PackedWorkerAtBroker = PackedSession<BrokerToWorker, WorkerToBroker>;

export function packedClient(): PackedClient {
  const numbers = new ServiceNumbers();
  return new PackedSession(
    CLIENT_HEADER_P1,
    (writer, command: ClientToBroker) => writeFromClient(writer, command, numbers),
    (reader) => {
      const command = readToClient(reader);
      if (command?.kind === 'welcome') numbers.limit(command.internedMax);
      return command;
    },
  );
}

export function packedClientAtBroker(): PackedClientAtBroker {
  const services = new InternedServices();
  return new PackedSession(
    CLIENT_HEADER_P1,
    (writer, command: BrokerToClient) => {
      if (command.kind === 'welcome') services.limit(command.internedMax);
      writeToClient(writer, command);
    },
    (reader) => readFromClient(reader, services),
  );
}

export function packedWorker(): PackedWorker {
  return new PackedSession(WORKER_HEADER_P1, writeFromWorker, readToWorker);
}

export function packedWorkerAtBroker(): PackedWorkerAtBroker {
  return new PackedSession(WORKER_HEADER_P1, writeToWorker, readFromWorker);
}
