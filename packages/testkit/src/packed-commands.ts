/** The four directions of MDP/P1. */
export type PackedDirection =
  'client-to-broker' | 'broker-to-client' | 'worker-to-broker' | 'broker-to-worker';

/** What HELLO, READY and WELCOME have in common. */
export interface PackedIntroduction {
  revision: number;
  heartbeatMs: number;
  capabilities: number;
  /** Attributes as they stand on the wire: see `packAttributes`. */
  metadata: Buffer;
}

export interface PackedHello extends PackedIntroduction {
  kind: 'hello';
}

export interface PackedReady extends PackedIntroduction {
  kind: 'ready';
  service: string;
  credit: number;
}

export interface PackedWelcome extends PackedIntroduction {
  kind: 'welcome';
  internedMax: number;
  framesMax: number;
  frameBytesMax: number;
  messageBytesMax: number;
}

export interface PackedService {
  kind: 'service';
  number: number;
  service: string;
}

export interface PackedRequest {
  kind: 'request';
  /** The id that the client chose, or the reference that the broker gave to a worker. */
  id: number;
  /** 0 where the service is named, and to workers. */
  number: number;
  /** The name in the request, or what its number stands for; empty to workers. */
  service: string;
  remainingMs: number;
  window: number;
  priority: number;
  attempt: number;
  failFast: boolean;
  metadata: Buffer;
  body: Buffer[];
}

export interface PackedReply {
  kind: 'partial' | 'final';
  id: number;
  metadata: Buffer;
  body: Buffer[];
}

export interface PackedFailure {
  kind: 'failure';
  id: number;
  /** The code is the worker's own. */
  ofWorker: boolean;
  retryable: boolean;
  code: string;
  message: string;
}

/** Why a broker ends a session. */
export interface PackedReason {
  code: string;
  message: string;
}

/** One record of MDP/P1. */
export type PackedCommand =
  | PackedHello
  | PackedReady
  | PackedWelcome
  | PackedService
  | PackedRequest
  | PackedReply
  | PackedFailure
  | { kind: 'cancel'; id: number }
  | { kind: 'window'; id: number; more: number }
  | { kind: 'credit'; credit: number }
  | { kind: 'heartbeat' }
  | { kind: 'draining' }
  | { kind: 'disconnect'; reason?: PackedReason }
  | { kind: 'proof'; publicKey: Buffer; mac: Buffer };

export type PackedKind = PackedCommand['kind'];

/** Attributes of a record: numbers of types and their values. */
export function packAttributes(...attributes: [type: number, value: string | Uint8Array][]): Buffer {
  return Buffer.concat(
    attributes.map(([type, text]) => {
      const value = Buffer.from(text);
      const head = Buffer.alloc(3);
      head.writeUInt8(type, 0);
      head.writeUInt16BE(value.length, 1);
      return Buffer.concat([head, value]);
    }),
  );
}
