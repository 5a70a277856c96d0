export { backoffMs, type BackoffOptions } from './backoff';
export { DealerLink, type DealerLinkHandlers, type DealerLinkOptions } from './dealer-link';
export {
  RouterLink,
  type PeerGoneReason,
  type PeerKey,
  type RouterLinkHandlers,
  type RouterLinkOptions,
} from './router-link';
