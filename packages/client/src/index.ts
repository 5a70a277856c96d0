export {
  Body,
  isMajordomoError,
  MajordomoError,
  type BodyInput,
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
export {
  clientOptionsSchema,
  type ClientOptions,
  type RequestOptions,
  type ResolvedClientOptions,
} from './options';
export type { Reply } from './reply';
export type { StreamMessage } from './reply-stream';
