import type { Client } from '@majordomo/client';

/**
 * Watches over the ways of a client to its brokers.
 * @returns what says why none of those that were tried could be reached, or '' where one was, or nothing is known
 */
export function hindranceOf(client: Client): () => string {
  const reasons = new Map<string, string>();
  client.on('brokerDown', ({ endpoint, reason }) => reasons.set(endpoint, reason));
  client.on('brokerUp', ({ endpoint }) => reasons.set(endpoint, ''));
  return () => {
    const all = [...new Set(reasons.values())];
    return all.includes('') ? '' : all.join(', ');
  };
}
