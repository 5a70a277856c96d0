import { keyToHex, type DialectName } from '@majordomo/protocol';
import type { BrokerEvent } from '../../../broker/src/core/outbound';
import { numberOf } from './bodies';
import type { Watcher, AppCall, BrokerRun, Outcome } from './watcher';

/** A command in a few words. */
function show(command: object): string {
  const said: string[] = [];
  for (const [key, value] of Object.entries(command)) {
    if (key === 'body') said.push(`#${numberOf(value as never)}`);
    else if (key === 'kind') said.unshift(String(value).toUpperCase());
    else if (key !== 'metadata' && value !== '' && !IDLE_KEYS.has(key)) said.push(`${key} ${String(value)}`);
  }
  return said.join(' ');
}

const IDLE_KEYS = new Set([
  'revision',
  'capabilities',
  'internedMax',
  'framesMax',
  'frameBytesMax',
  'messageBytesMax',
]);

/** The event log of a world: a line for all that passes over the wire, and all that applications see. */
export class Trace implements Watcher {
  readonly lines: string[] = [];
  /** Tells the time of the world, in ms; set once there is one. */
  time: () => number = () => 0;

  #write(who: string, what: string): void {
    this.lines.push(`${this.time().toFixed(3).padStart(10)}  ${who}  ${what}`);
  }

  #wire({ name }: BrokerRun, arrow: string, peer: string, dialect: DialectName, command: object): void {
    this.#write(name, `${arrow} ${keyToHex(peer)} ${dialect}  ${show(command)}`);
  }

  brokerStarted({ name }: BrokerRun): void {
    this.#write(name, 'starts');
  }

  brokerEnded({ name }: BrokerRun, gracefully: boolean): void {
    this.#write(name, gracefully ? 'closes' : 'is killed');
  }

  clientSaid(broker: BrokerRun, peer: string, dialect: DialectName, command: object): void {
    this.#wire(broker, '← client', peer, dialect, command);
  }

  workerSaid(broker: BrokerRun, peer: string, dialect: DialectName, command: object): void {
    this.#wire(broker, '← worker', peer, dialect, command);
  }

  toClient(broker: BrokerRun, peer: string, dialect: DialectName, command: object): void {
    this.#wire(broker, '→ client', peer, dialect, command);
  }

  toWorker(broker: BrokerRun, peer: string, dialect: DialectName, command: object): void {
    this.#wire(broker, '→ worker', peer, dialect, command);
  }

  peerLeft({ name }: BrokerRun, peer: string): void {
    this.#write(name, `connection of ${keyToHex(peer)} opened or closed`);
  }

  event({ name }: BrokerRun, event: BrokerEvent): void {
    const { type, ...rest } = event;
    this.#write(name, `${type} ${JSON.stringify(rest)}`);
  }

  clientSent(client: string, broker: string, command: object): void {
    this.#write(client, `→ ${broker}  ${show(command)}`);
  }

  clientRejected(client: string, broker: string, detail: string): void {
    this.#write(client, `refuses ${broker}: ${detail}`);
  }

  submitted({ client, number, plan }: AppCall): void {
    const { service, timeoutMs, stream } = plan;
    this.#write(client, `calls ${service} #${number}${stream ? ' as a stream' : ''} within ${timeoutMs} ms`);
  }

  partial({ client, number }: AppCall): void {
    this.#write(client, `reads a PARTIAL of #${number}`);
  }

  aborting({ client, number }: AppCall): void {
    this.#write(client, `gives up #${number}`);
  }

  ended({ client, number }: AppCall, outcome: Outcome): void {
    const how = 'body' in outcome ? 'its reply' : `${outcome.error.code}: ${outcome.error.message}`;
    this.#write(client, `#${number} ends with ${how}`);
  }

  jobStarted(worker: string, number: number, held: number): void {
    this.#write(worker, `works on #${number}, holds ${held}`);
  }

  fault(kind: string): void {
    this.#write('world', `fault: ${kind}`);
  }
}
