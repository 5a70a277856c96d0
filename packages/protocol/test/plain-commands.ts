import {
  Body,
  NO_METADATA,
  PRIORITY_DEFAULT,
  U32_MAX,
  type BodyInput,
  type ClientFinal,
  type ClientPartial,
  type ClientRequest,
  type WorkerFinal,
  type WorkerPartial,
  type WorkerReady,
  type WorkerRequest,
} from '../src/index';

/*
 * Commands as the plain dialects have them: what these cannot say has the value that stands for nothing said.
 */

export const plainRequest = (service: string, body: BodyInput): ClientRequest => ({
  kind: 'request',
  id: 0,
  service,
  body: Body.of(body),
  remainingMs: 0,
  window: 0,
  priority: PRIORITY_DEFAULT,
  failFast: false,
  metadata: NO_METADATA,
});

export const plainReply = <Kind extends 'partial' | 'final'>(kind: Kind, service: string, body: BodyInput) =>
  ({ kind, id: 0, service, body: Body.of(body), metadata: NO_METADATA }) as Kind extends 'final'
    ? ClientFinal
    : ClientPartial;

export const plainReady = (service: string): WorkerReady => ({
  kind: 'ready',
  service,
  credit: 1,
  revision: 1,
  heartbeatMs: U32_MAX,
  capabilities: 0,
  metadata: NO_METADATA,
});

export const plainWork = (ref: string, body: BodyInput): WorkerRequest => ({
  kind: 'request',
  ref,
  body: Body.of(body),
  remainingMs: 0,
  window: 0,
  priority: PRIORITY_DEFAULT,
  attempt: 0,
  metadata: NO_METADATA,
});

export const plainAnswer = <Kind extends 'partial' | 'final'>(kind: Kind, ref: string, body: BodyInput) =>
  ({ kind, ref, body: Body.of(body), metadata: NO_METADATA }) as Kind extends 'final'
    ? WorkerFinal
    : WorkerPartial;
