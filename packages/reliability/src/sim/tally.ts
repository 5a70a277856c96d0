import type {
  BrokerToClient,
  BrokerToWorker,
  ClientToBroker,
  DialectName,
  WorkerToBroker,
} from '@majordomo/protocol';
import type { BrokerEvent } from '../../../broker/src/core/outbound';
import type { Watcher, AppCall, BrokerRun, Outcome } from './watcher';

/** Counts what worlds did, so that it can be seen that they do things. */
export class Tally implements Watcher {
  readonly counts = new Map<string, number>();

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  /** Adds what another has counted. */
  add(counts: Iterable<readonly [string, number]>): void {
    for (const [what, count] of counts) this.count(what, count);
  }

  brokerStarted(): void {
    this.count('brokers started');
  }

  clientSaid(_broker: BrokerRun, _peer: string, dialect: DialectName, { kind }: ClientToBroker): void {
    if (kind === 'request') this.count(`requests heard, ${dialect}`);
    else if (kind === 'cancel' || kind === 'window') this.count(`client ${kind}`);
  }

  workerSaid(_broker: BrokerRun, _peer: string, dialect: DialectName, { kind }: WorkerToBroker): void {
    if (kind === 'partial') this.count('PARTIALs of workers');
    else if (kind === 'credit' || kind === 'draining' || kind === 'failure') this.count(`worker ${kind}`);
    else if (kind === 'final') this.count(`replies of workers, ${dialect}`);
  }

  toWorker(_broker: BrokerRun, _peer: string, dialect: DialectName, command: BrokerToWorker): void {
    if (command.kind !== 'request') {
      if (command.kind === 'cancel') this.count('cancellations passed on');
      return;
    }
    this.count(`dispatches, ${dialect}`);
  }

  toClient(_broker: BrokerRun, _peer: string, _dialect: DialectName, command: BrokerToClient): void {
    if (command.kind === 'partial') this.count('PARTIALs to clients');
  }

  event(_broker: BrokerRun, event: BrokerEvent): void {
    switch (event.type) {
      case 'workerLost':
        this.count(`workers lost, ${event.reason}`);
        return;
      case 'requestFailed':
        this.count(`refused or given up, ${event.code}`);
        return;
      case 'requestRedispatched':
        this.count('redispatches');
        return;
      case 'replyDropped':
        this.count('late replies dropped');
        return;
      case 'protocolError':
        this.count('protocol errors');
        return;
      case 'messageRejected':
        this.count('messages rejected');
        return;
      case 'workerRegistered':
        this.count('workers registered');
        return;
      case 'requestExpired':
      case 'workerFailed':
      case 'clientWelcomed':
      case 'clientGone':
      case 'denied':
      case 'keyProven':
      case 'connectionRefused':
        return;
    }
  }

  submitted({ plan }: AppCall): void {
    this.count(plan.stream ? 'streams begun' : 'calls made');
  }

  ended(_call: AppCall, outcome: Outcome): void {
    this.count('body' in outcome ? 'ended with reply' : `ended with ${outcome.error.code}`);
  }

  fault(kind: string): void {
    this.count(`fault: ${kind}`);
  }
}
