import type { BrokerToClient, FailureCode } from '@majordomo/protocol';

/** What tells a client that the broker itself does not, or no longer, see to its request. */
export function brokerFailure(
  id: number,
  service: string,
  code: FailureCode,
  message: string,
  retryable: boolean,
): Extract<BrokerToClient, { kind: 'failure' }> {
  return { kind: 'failure', id, service, origin: 'broker', code, message, retryable };
}
