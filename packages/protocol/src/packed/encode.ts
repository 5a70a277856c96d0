import type {
  BrokerToClient,
  BrokerToWorker,
  ClientToBroker,
  Ref,
  Welcome,
  WorkerToBroker,
} from '../commands';
import { StateError } from '../errors';
import type { BatchWriter } from './batch-writer';
import { INTERNED_MAX, KIND } from './layout';

/*
 * From commands to records, one function per direction.
 */

/** The numbers that one session has given to services. */
export class ServiceNumbers {
  readonly #numbers = new Map<string, number>();
  #most = INTERNED_MAX;

  /** WELCOME has said how many numbers the broker keeps. */
  limit(internedMax: number): void {
    this.#most = Math.min(INTERNED_MAX, internedMax);
  }

  /** The number of a service, told to the other side before its first use; 0 where all are given away. */
  of(service: string, writer: BatchWriter): number {
    const known = this.#numbers.get(service);
    if (known !== undefined) return known;
    if (this.#numbers.size >= this.#most) return 0;
    const number = this.#numbers.size + 1;
    this.#numbers.set(service, number);
    writer.service(number, service);
    return number;
  }
}

export function writeFromClient(writer: BatchWriter, command: ClientToBroker, numbers: ServiceNumbers): void {
  switch (command.kind) {
    case 'request': {
      const { service, id, remainingMs, window, priority, failFast, metadata, body } = command;
      const number = numbers.of(service, writer);
      const name = number === 0 ? service : '';
      writer.request(id, number, name, remainingMs, window, priority, 0, failFast, metadata, body);
      return;
    }
    case 'cancel':
      writer.cancel(command.id);
      return;
    case 'window':
      writer.window(command.id, command.more);
      return;
    case 'hello':
      writer.hello(command.revision, command.heartbeatMs, command.capabilities, command.metadata);
      return;
    case 'proof':
      writer.proof(command.publicKey, command.mac);
      return;
    case 'heartbeat':
    case 'disconnect':
      writer.bare(KIND[command.kind]);
      return;
  }
}

export function writeToClient(writer: BatchWriter, command: BrokerToClient): void {
  switch (command.kind) {
    case 'final':
      writer.reply(KIND.final, command.id, command.metadata, command.body);
      return;
    case 'partial':
      writer.reply(KIND.partial, command.id, command.metadata, command.body);
      return;
    case 'failure': {
      const { id, origin, code, message, retryable } = command;
      writer.failure(id, origin === 'worker', code, message, retryable);
      return;
    }
    case 'welcome':
      writeWelcome(writer, command);
      return;
    case 'disconnect':
      writer.disconnect(command.reason);
      return;
    case 'heartbeat':
    case 'draining':
      writer.bare(KIND[command.kind]);
      return;
  }
}

export function writeFromWorker(writer: BatchWriter, command: WorkerToBroker): void {
  switch (command.kind) {
    case 'final':
      writer.reply(KIND.final, numberOf(command.ref), command.metadata, command.body);
      return;
    case 'partial':
      writer.reply(KIND.partial, numberOf(command.ref), command.metadata, command.body);
      return;
    case 'failure': {
      const { ref, code, message, retryable } = command;
      writer.failure(numberOf(ref), true, code, message, retryable);
      return;
    }
    case 'credit':
      writer.credit(command.credit);
      return;
    case 'ready': {
      const { service, credit, revision, heartbeatMs, capabilities, metadata } = command;
      writer.ready(service, credit, revision, heartbeatMs, capabilities, metadata);
      return;
    }
    case 'proof':
      writer.proof(command.publicKey, command.mac);
      return;
    case 'heartbeat':
    case 'draining':
    case 'disconnect':
      writer.bare(KIND[command.kind]);
      return;
  }
}

export function writeToWorker(writer: BatchWriter, command: BrokerToWorker): void {
  switch (command.kind) {
    case 'request': {
      const { ref, remainingMs, window, priority, attempt, metadata, body } = command;
      const attempts = attempt > 255 ? 255 : attempt;
      writer.request(numberOf(ref), 0, '', remainingMs, window, priority, attempts, false, metadata, body);
      return;
    }
    case 'cancel':
      writer.cancel(numberOf(command.ref));
      return;
    case 'window':
      writer.window(numberOf(command.ref), command.more);
      return;
    case 'welcome':
      writeWelcome(writer, command);
      return;
    case 'disconnect':
      writer.disconnect(command.reason);
      return;
    case 'heartbeat':
    case 'draining':
      writer.bare(KIND[command.kind]);
      return;
  }
}

function writeWelcome(writer: BatchWriter, welcome: Welcome): void {
  const { revision, heartbeatMs, capabilities, internedMax, metadata } = welcome;
  const { framesMax, frameBytesMax, messageBytesMax } = welcome;
  writer.welcome(
    revision,
    heartbeatMs,
    capabilities,
    internedMax,
    framesMax,
    frameBytesMax,
    messageBytesMax,
    metadata,
  );
}

/** Packed references are numbers; those of plain workers never come here. */
function numberOf(ref: Ref): number {
  if (typeof ref === 'number') return ref;
  throw new StateError(`The reference ${ref} of a plain worker in a packed session.`);
}
