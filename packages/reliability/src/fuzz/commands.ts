import {
  Body,
  DISCONNECT,
  DRAINING,
  FAILURE_CODES,
  HEARTBEAT,
  Metadata,
  NO_METADATA,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type WorkerToBroker,
} from '@majordomo/protocol';
import type { Direction } from './message';
import type { Rng } from './rng';
import { MANAGEMENT, SERVICES } from './values';

/*
 * Commands as well-behaved peers give them, for all that a dialect can say. What a dialect has no words for, its
 * encoder leaves out.
 */

/** Any command at all. */
export type Command = ClientToBroker | BrokerToClient | WorkerToBroker | BrokerToWorker;

/** Where frames begin to travel apart, and around it. */
const LARGE = [8_191, 8_192, 9_000, 9_001, 20_000];

const JSON_TEXTS = [
  '{}',
  '[]',
  'null',
  '{"service":"echo","workers":1}',
  '[{"service":"echo","workers":1,"idle":1,"busy":0,"queued":0,"oldestWaitingMs":0}]',
  '{"version":"0.1.0","uptimeMs":1,"memoryBytes":1,"services":0,"workers":0,"clients":0,"queued":0,"queuedBytes":0,' +
    '"inFlight":0,"draining":false,"limits":{},"counters":{},"rejections":{}}',
];

function frameOf(rng: Rng): Buffer {
  if (rng.oneIn(100)) return Buffer.alloc(rng.pick(LARGE), 7);
  return rng.bytes(rng.oneIn(6) ? 0 : rng.below(32));
}

function bodyOf(rng: Rng): Body {
  switch (rng.below(8)) {
    case 0:
      return Body.of(['200', rng.pick(JSON_TEXTS)]);
    case 1:
    case 2:
    case 3:
      return Body.of(rng.pick(['', 'hello', 'ü'.repeat(40), 'mmi', rng.pick(SERVICES)]));
    case 4:
      if (rng.oneIn(12))
        return Body.of(Array.from({ length: rng.pick([15, 16, 17, 300]) }, () => Buffer.of(1)));
      return Body.of(Array.from({ length: rng.between(1, 6) }, () => frameOf(rng)));
    default:
      return Body.of(Array.from({ length: rng.between(1, 3) }, () => frameOf(rng)));
  }
}

function metadataOf(rng: Rng): Metadata {
  switch (rng.below(8)) {
    case 0:
      return Metadata.of({ contentType: 'application/json' });
    case 1:
      return Metadata.of({ contentType: 'x', traceparent: `00-${'4b'.repeat(16)}-${'a9'.repeat(8)}-01` });
    case 2: {
      const value = rng.bytes(rng.below(12));
      return new Metadata(Uint8Array.of(rng.below(256), 0, value.length, ...value));
    }
    default:
      return NO_METADATA;
  }
}

const idOf = (rng: Rng): number => (rng.oneIn(12) ? rng.pick([2 ** 31, 2 ** 32 - 1]) : rng.between(1, 12));
const u32Of = (rng: Rng): number => (rng.oneIn(6) ? rng.u32() : rng.pick([0, 1, 16, 1_000, 30_000]));

function serviceOf(rng: Rng): string {
  return rng.oneIn(10) ? rng.pick(MANAGEMENT) : rng.pick(SERVICES);
}

const introductionOf = (rng: Rng) => ({
  revision: rng.oneIn(8) ? rng.between(1, 255) : 1,
  heartbeatMs: rng.between(1, 60_000),
  capabilities: rng.oneIn(8) ? rng.u32() : 0,
  metadata: metadataOf(rng),
});

const welcomeOf = (rng: Rng) => ({
  kind: 'welcome' as const,
  ...introductionOf(rng),
  internedMax: rng.pick([0, 1, 2, 8_192, 2 ** 32 - 1]),
  framesMax: rng.pick([1, 16, 1_024]),
  frameBytesMax: rng.pick([1, 9_000, 2 ** 26]),
  messageBytesMax: rng.pick([1, 20_000, 2 ** 26]),
});

const askedOf = (rng: Rng) => ({
  body: bodyOf(rng),
  remainingMs: u32Of(rng),
  window: u32Of(rng),
  priority: rng.below(10),
  metadata: metadataOf(rng),
});

const failureOf = (rng: Rng) => ({
  code: rng.pick([...FAILURE_CODES, 'A', `Z${'_9'.repeat(31)}`]),
  message: rng.pick(['', 'no', 'größe 🍰', 'x'.repeat(rng.pick([100, 4_096]))]),
  retryable: rng.oneIn(2),
});

function fromClient(rng: Rng): ClientToBroker {
  switch (rng.below(10)) {
    case 0:
      return { kind: 'hello', ...introductionOf(rng) };
    case 1:
      return { kind: 'cancel', id: idOf(rng) };
    case 2:
      return { kind: 'window', id: idOf(rng), more: rng.pick([1, 64, 2 ** 32 - 1]) };
    case 3:
      return rng.oneIn(4) ? DISCONNECT : HEARTBEAT;
    default:
      return {
        kind: 'request',
        id: idOf(rng),
        service: serviceOf(rng),
        ...askedOf(rng),
        failFast: rng.oneIn(3),
      };
  }
}

function toClient(rng: Rng, packed: boolean): BrokerToClient {
  const service = packed ? '' : serviceOf(rng);
  const id = packed ? idOf(rng) : 0;
  switch (rng.below(10)) {
    case 0:
      return welcomeOf(rng);
    case 1:
      return { kind: 'failure', id, service, origin: rng.pick(['broker', 'worker']), ...failureOf(rng) };
    case 2:
      return rng.pick([HEARTBEAT, DRAINING, DISCONNECT]);
    case 3:
    case 4:
    case 5:
      return { kind: 'partial', id, service, body: bodyOf(rng), metadata: metadataOf(rng) };
    default:
      return { kind: 'final', id, service, body: bodyOf(rng), metadata: metadataOf(rng) };
  }
}

/** Plain references are the client addresses of other peers: bytes that mean nothing to a worker. */
const refOf = (rng: Rng, packed: boolean): number | string =>
  packed ? idOf(rng) : rng.pick(['\x00\x80\x00A\xa7', 'address', 'x'.repeat(255)]);

function fromWorker(rng: Rng, packed: boolean): WorkerToBroker {
  switch (rng.below(10)) {
    case 0:
    case 1:
      return {
        kind: 'ready',
        service: rng.oneIn(20) ? 'mmi.service' : rng.pick(SERVICES),
        credit: rng.pick([0, 1, 32, 2 ** 32 - 1]),
        ...introductionOf(rng),
      };
    case 2:
      return { kind: 'credit', credit: u32Of(rng) };
    case 3:
      return { kind: 'failure', ref: refOf(rng, packed), ...failureOf(rng) };
    case 4:
      return rng.pick([HEARTBEAT, DRAINING, DISCONNECT]);
    case 5:
    case 6:
      return { kind: 'partial', ref: refOf(rng, packed), body: bodyOf(rng), metadata: metadataOf(rng) };
    default:
      return { kind: 'final', ref: refOf(rng, packed), body: bodyOf(rng), metadata: metadataOf(rng) };
  }
}

function toWorker(rng: Rng, packed: boolean): BrokerToWorker {
  switch (rng.below(8)) {
    case 0:
      return welcomeOf(rng);
    case 1:
      return { kind: 'cancel', ref: refOf(rng, packed) };
    case 2:
      return { kind: 'window', ref: refOf(rng, packed), more: rng.pick([1, 64, 2 ** 32 - 1]) };
    case 3:
      return rng.pick([HEARTBEAT, DRAINING, DISCONNECT]);
    default:
      return { kind: 'request', ref: refOf(rng, packed), ...askedOf(rng), attempt: rng.pick([0, 1, 2, 255]) };
  }
}

/** A command that may be said in that direction. */
export function commandOf(rng: Rng, direction: Direction, packed: boolean): Command {
  switch (direction) {
    case 'client-to-broker':
      return fromClient(rng);
    case 'broker-to-client':
      return toClient(rng, packed);
    case 'worker-to-broker':
      return fromWorker(rng, packed);
    case 'broker-to-worker':
      return toWorker(rng, packed);
  }
}
