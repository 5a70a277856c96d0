import type { ClientKeys } from '@majordomo/transport';
import type { BrokerToClient, ClientToBroker, DialectName, Limits, Rejection } from '@majordomo/protocol';

/** What a wire reports. */
export interface WireEvents {
  /** The connection stands. */
  opened(): void;
  /** What the broker at the other end speaks was found out. */
  found(verdict: DialectName | 'silent'): void;
  /** One message: a command of a plain dialect, or those of a packed one. */
  received(commands: readonly BrokerToClient[]): void;
  refused(rejection: Rejection): void;
  /** Something waits to leave at the end of this turn of the loop: `flush` is to be called. */
  unflushed(): void;
  /**
   * The connection is gone, and the wire with it. Not called after `close()`.
   * @param unauthorized - true where the broker does not let this key in
   */
  closed(reason: string, unauthorized: boolean): void;
}

/** How wires are made. */
export interface WireSettings {
  readonly limits: Limits;
  readonly connectTimeoutMs: number;
  /** How long each question to a broker of unknown dialect waits for its answer, in ms. */
  readonly probeMs: number;
  /** Messages that a plain socket takes in while nobody reads from it. */
  readonly receiveHighWaterMark: number;
  /** Keys for CURVE; `undefined` without. */
  readonly curve: ClientKeys | undefined;
}

/** One connection and the dialect that is spoken on it: commands in, commands out. */
export interface Wire {
  send(command: ClientToBroker): void;
  /** What was sent leaves now. */
  flush(): void;
  pause(): void;
  resume(): void;
  close(): void;
}
