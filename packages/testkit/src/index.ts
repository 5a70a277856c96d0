export { eventually, type EventuallyOptions } from './eventually';
export { hex, type Frame } from './hex';
export { leakCheck, type LeakCheckOptions } from './leak-check';
export { postgresBinaries, startPostgres, type PrivatePostgres } from './postgres';
export {
  killAllProcesses,
  runProcess,
  RunningProcess,
  startProcess,
  type ProcessExit,
  type ProcessOptions,
  type WaitForLineOptions,
} from './processes';
export {
  packAttributes,
  type PackedCommand,
  type PackedDirection,
  type PackedFailure,
  type PackedHello,
  type PackedKind,
  type PackedReady,
  type PackedReply,
  type PackedRequest,
  type PackedWelcome,
} from './packed-commands';
export {
  decodePacked,
  encodePacked,
  PackedFault,
  packedHeader,
  packRecord,
  type PackedLimits,
} from './packed-codec';
export {
  RawBroker01,
  RawBroker02,
  type ClientRequest,
  type NextFromWorkerOptions,
  type RawBroker,
  type RawBroker02Options,
  type RawBrokerOptions,
  type WorkerCommand,
} from './raw-broker';
export { challengeIn, curveClient, rawKey, rawKeyPair, rawProof, type RawKeyPair } from './raw-proof';
export {
  RawClient01,
  RawClient02,
  type Answer02,
  type RawClient,
  type RawClientOptions,
  type Reply01,
  type Reply02,
} from './raw-client';
export { RawPackedBroker, type PackedFrom, type RawPackedBrokerOptions } from './raw-packed-broker';
export { RawPackedClient, type PackedRequestFields } from './raw-packed-client';
export type { RawPackedPeerOptions } from './raw-packed-peer';
export { RawPackedWorker } from './raw-packed-worker';
export {
  closeAllSockets,
  DEFAULT_TIMEOUT_MS,
  RawSocket,
  testContext,
  type RawSocketKind,
  type RawSocketOptions,
} from './raw-socket';
export {
  RawWorker01,
  RawWorker02,
  type RawWorker,
  type RawWorkerOptions,
  type WorkerRequest,
} from './raw-worker';
export { TcpRelay } from './relay';
export type { Pace } from './relay-pipe';
