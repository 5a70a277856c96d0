export { Alarm } from './alarm';
export { backoffMs, type BackoffOptions } from '@majordomo/protocol';
export type { PeerGoneReason, PeerKey } from './backlog';
export { readKeyFile, writeKeyFiles, type KeyFile, type KeyFiles } from './curve/key-file';
export { checkConnection, type ConnectionCheck, type ConnectionCheckOptions } from './connection-check';
export {
  clientKeysOf,
  generateKeyPair,
  keyPairOf,
  publicKeyOf,
  type ClientKeys,
  type KeyPair,
} from './curve/keys';
export { isProven, makeProof, type Half } from './curve/proof';
export type { ZapGate } from './curve/zap-handler';
export type { ZapRequest } from './curve/zap-request';
export { DealerLink, type DealerLinkHandlers, type DealerLinkOptions, type LinkEnding } from './dealer-link';
export { LoopTimer } from './loop-timer';
export {
  RouterLink,
  type RouterLinkHandlers,
  type RouterLinkOptions,
  type RouterSecurity,
} from './router-link';
export { explainBind } from './why-not-bound';
