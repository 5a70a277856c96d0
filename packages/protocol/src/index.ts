export { Body, toFrames, type BodyInput } from './body';
export { BodySize } from './body-size';
export * from './commands';
export { decodeAtBroker, dialectByName, type FromPeer } from './detect';
export { DIALECT_NAMES, type Channel, type Dialect, type DialectName } from './dialect';
export { mdp01 } from './dialects/mdp01';
export { mdp02, mdp02OverReq } from './dialects/mdp02';
export { endpointSchema, isEndpoint } from './endpoint';
export * from './errors';
export { bytesOf, bytesToKey, decodeText, encodeText, keyToBytes, keyToHex, type Frame } from './frame';
export { ADDRESS_BYTES_MAX, DEFAULT_LIMITS, limitsSchema, SERVICE_BYTES_MAX, type Limits } from './limits';
export { loggerSchema, SILENT, type Logger, type LogMethod } from './logger';
export * from './mmi';
export {
  connectionOptions,
  count,
  DEFAULT_ENDPOINT,
  endpointList,
  milliseconds,
  reconnectOrder,
} from './option-schemas';
export { parseOptions } from './options';
export { REJECTION_REASONS, type Decoded, type Rejection, type RejectionReason } from './rejection';
export { isServiceName, requireServiceName, serviceNameSchema } from './service-name';
