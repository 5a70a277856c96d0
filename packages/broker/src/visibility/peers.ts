import type { CoreView } from './subject';

/** How many clients or workers speak a dialect. */
export interface PeerCount {
  readonly role: 'client' | 'worker';
  readonly dialect: string;
  count: number;
}

/** Clients and workers by dialect. */
export function countPeers({
  clients,
  workers,
}: Pick<CoreView, 'clients' | 'workers'>): readonly PeerCount[] {
  const counts = new Map<string, PeerCount>();
  const add = (role: PeerCount['role'], dialect: string): void => {
    const key = `${role} ${dialect}`;
    const entry = counts.get(key) ?? { role, dialect, count: 0 };
    entry.count++;
    counts.set(key, entry);
  };
  for (const { spoken } of clients) add('client', spoken.name);
  for (const { dialect } of workers.values()) add('worker', dialect.name);
  return [...counts.values()];
}
