export {
  Body,
  ContractError,
  isMajordomoError,
  MajordomoError,
  type BodyInput,
  type CallableContract,
  type ErrorCode,
  type Metadata,
} from '@majordomo/protocol';
export {
  checkConnection,
  generateKeyPair,
  publicKeyOf,
  readKeyFile,
  type ConnectionCheck,
  type ConnectionCheckOptions,
  type KeyFile,
  type KeyPair,
  type LinkEnding,
} from '@majordomo/transport';
export { Client, type ClientEvents } from './client';
export type { CallArguments, CallMessage, CallOptions } from './contract-calls';
export {
  clientOptionsSchema,
  type ClientOptions,
  type RequestOptions,
  type ResolvedClientOptions,
} from './options';
export type { Reply } from './reply';
export type { StreamMessage } from './reply-stream';
