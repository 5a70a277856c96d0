export { backoffMs, type BackoffOptions } from './backoff';
export { Body, toFrames, type BodyInput } from './body';
export { BodySize } from './body-size';
export * from './commands';
export {
  ContractError,
  CONTRACT_MISMATCH,
  type CallableContract,
  type ContractFault,
  type ContractIssue,
  type ContractPart,
  type DecodedReply,
} from './contract';
export { decodeAtBroker, dialectByName, packedHalf, type FromPeer } from './detect';
export { DIALECT_NAMES, type Channel, type Dialect, type DialectName, type PlainDialect } from './dialect';
export { mdp01 } from './dialects/mdp01';
export { mdp02, mdp02OverReq } from './dialects/mdp02';
export { endpointSchema, isEndpoint } from './endpoint';
export * from './errors';
export {
  bytesOf,
  bytesToKey,
  decodeText,
  decodeTextStrictly,
  encodeText,
  keyToBytes,
  keyToHex,
  type Frame,
} from './frame';
export {
  ADDRESS_BYTES_MAX,
  BATCH,
  DEFAULT_LIMITS,
  ENVELOPE,
  FRAMES_MAX,
  headBytesMax,
  INLINE_BYTES_MAX,
  isTighter,
  limitsSchema,
  NO_ALLOWANCE,
  SERVICE_BYTES_MAX,
  socketFrameBytesMax,
  U32_MAX,
  type Allowance,
  type Limits,
} from './limits';
export { IdMap } from './id-map';
export { loggerSchema, SILENT, type Logger, type LogMethod } from './logger';
export { Metadata, METADATA_BYTES_MAX, NO_METADATA, type Challenge, type MetadataFields } from './metadata';
export {
  addMetrics,
  MetricFamily,
  metricsRegistrySchema,
  RegistryMeters,
  timeSamples,
  type Meter,
  type MetricDefinition,
  type MetricSample,
  type MetricsRegistry,
  type MetricType,
} from './metrics';
export * from './mmi';
export {
  connectionOptions,
  count,
  DEFAULT_ENDPOINT,
  endpointList,
  milliseconds,
  reconnectOrder,
  TIMER_MS_MAX,
} from './option-schemas';
export { parseOptions } from './options';
export {
  CAN_PROVE,
  FAILURE_MESSAGE_BYTES_MAX,
  INTERNED_MAX,
  MAC_BYTES,
  NONCE_BYTES,
  REVISION,
} from './packed/layout';
export * from './packed/session';
export { PackedWire, type PackedWireEvents, type PackedWireSettings } from './packed/wire';
export { opening, Probe, PROTOCOLS, type Protocol, type Verdict } from './probe';
export { REJECTION_REASONS, type Decoded, type Rejection, type RejectionReason } from './rejection';
export { isServiceName, requireServiceName, serviceNameSchema } from './service-name';
export { curveKeySchema, decodeZ85, encodeZ85, isCurveKey, KEY_BYTES, KEY_CHARACTERS } from './z85';
export {
  contextIn,
  fromTraceparent,
  messagingAttributes,
  toTraceparent,
  tracingSchema,
  type Span,
  type SpanContext,
  type TracingApi,
} from './tracing';
export { percentileMs, TIME_BOUNDS_MS, TIME_BUCKETS, TimeHistogram } from './time-histogram';
