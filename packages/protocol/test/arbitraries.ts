import * as fc from 'fast-check';
import {
  FAILURE_CODES,
  isServiceName,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientToBroker,
  type Frame,
  type WorkerToBroker,
} from '../src/index';

/** Whatever a foreign peer may put in a frame: mostly short, sometimes what looks like ours. */
export const foreignFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.uint8Array({ maxLength: 24 }),
  fc
    .constantFrom('MDPC01', 'MDPW01', 'MDPC02', 'MDPW02', 'MDPC03', 'echo', 'mmi.service', '')
    .map((text) => new TextEncoder().encode(text)),
  fc.integer({ min: 0, max: 8 }).map((code) => Uint8Array.of(code)),
);

export const body: fc.Arbitrary<Frame[]> = fc.array(fc.uint8Array({ maxLength: 40 }), {
  minLength: 1,
  maxLength: 5,
});

export const serviceName: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  )
  .filter(isServiceName);

const ref = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 255 })
  .map((bytes) => String.fromCharCode(...bytes));

export const clientToBroker: fc.Arbitrary<ClientToBroker> = fc.record({
  kind: fc.constant('request' as const),
  service: serviceName,
  body,
});

export const brokerToClient: fc.Arbitrary<BrokerToClient> = fc.oneof(
  fc.record({ kind: fc.constantFrom('partial' as const, 'final' as const), service: serviceName, body }),
  fc.record({
    kind: fc.constant('failure' as const),
    service: serviceName,
    code: fc.constantFrom(...FAILURE_CODES),
    message: fc.string(),
    retryable: fc.boolean(),
  }),
);

const bare = fc.constantFrom({ kind: 'heartbeat' as const }, { kind: 'disconnect' as const });

export const workerToBroker: fc.Arbitrary<WorkerToBroker> = fc.oneof(
  fc.record({ kind: fc.constant('ready' as const), service: serviceName, credit: fc.constant(1) }),
  fc.record({ kind: fc.constantFrom('partial' as const, 'final' as const), ref, body }),
  bare,
);

export const brokerToWorker: fc.Arbitrary<BrokerToWorker> = fc.oneof(
  fc.record({ kind: fc.constant('request' as const), ref, body }),
  bare,
);
