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
import { plainAnswer, plainReady, plainReply, plainRequest, plainWork } from './plain-commands';

/** Whatever a foreign peer may put in a frame: mostly short, sometimes what looks like ours. */
export const foreignFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.uint8Array({ maxLength: 24 }),
  fc
    .constantFrom(
      'MDPC01',
      'MDPW01',
      'MDPC02',
      'MDPW02',
      'MDPC03',
      'MDPCP1',
      'MDPWP1',
      'echo',
      'mmi.service',
      '',
    )
    .map((text) => new TextEncoder().encode(text)),
  fc.integer({ min: 0, max: 8 }).map((code) => Uint8Array.of(code)),
);

export const bodyFrames: fc.Arbitrary<Frame[]> = fc.array(fc.uint8Array({ maxLength: 40 }), {
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

const reply = fc.constantFrom('partial' as const, 'final' as const);

/*
 * What the plain dialects can say; of failures they can say nothing.
 */
export const clientToBroker: fc.Arbitrary<ClientToBroker> = fc
  .tuple(serviceName, bodyFrames)
  .map(([service, frames]) => plainRequest(service, frames));

export const brokerToClient: fc.Arbitrary<BrokerToClient> = fc.oneof(
  fc
    .tuple(reply, serviceName, bodyFrames)
    .map(([kind, service, frames]) => plainReply(kind, service, frames)),
  fc.record({
    kind: fc.constant('failure' as const),
    id: fc.constant(0),
    service: serviceName,
    origin: fc.constant('broker' as const),
    code: fc.constantFrom(...FAILURE_CODES),
    message: fc.string(),
    retryable: fc.boolean(),
  }),
);

const bare = fc.constantFrom({ kind: 'heartbeat' as const }, { kind: 'disconnect' as const });

export const workerToBroker: fc.Arbitrary<WorkerToBroker> = fc.oneof(
  serviceName.map(plainReady),
  fc.tuple(reply, ref, bodyFrames).map(([kind, to, frames]) => plainAnswer(kind, to, frames)),
  bare,
);

export const brokerToWorker: fc.Arbitrary<BrokerToWorker> = fc.oneof(
  fc.tuple(ref, bodyFrames).map(([to, frames]) => plainWork(to, frames)),
  bare,
);
