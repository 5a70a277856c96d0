import { UsageError } from '../errors';
import { missing } from '../peers/missing';
import { isDurable, type PeerName } from '../peers/peer-names';
import { PEERS, type Peer } from '../peers/peers';
import { progress } from '../progress';

/** The peers whose latencies are measured where nobody names any. */
export const TIMED: readonly PeerName[] = [
  'ours-packed',
  'ours-0.2',
  'nats',
  'bullmq',
  'http',
  'grpc',
  'raw',
];
export const TIMED_QUICK: readonly PeerName[] = ['ours-packed', 'ours-0.2', 'nats', 'raw'];

/** A peer that takes no part, and why. */
export interface Skipped {
  readonly peer: PeerName;
  readonly reason: string;
}

/** The peers of a run, and those that were named and cannot take part. */
export interface Chosen {
  readonly peers: readonly Peer[];
  readonly skipped: readonly Skipped[];
}

/** Why a peer has no place in a scenario at all, by name. */
export type Absent = Partial<Record<PeerName, string>>;

/** What a scenario is about: calls that are answered at once, or work that is kept until it is done. */
export type Kind = 'calls' | 'durable work';

/**
 * Parts those that can take part from those that cannot.
 * @param absent - peers that the scenario has nothing for, with the reason
 * @param kind - what the scenario is about; peers of the other kind have no place in it
 * @throws UsageError where nobody is left
 */
export function choose(names: readonly PeerName[], absent: Absent = {}, kind: Kind = 'calls'): Chosen {
  const skipped: Skipped[] = [];
  const peers: Peer[] = [];
  for (const name of names) {
    const isOther = isDurable(name) !== (kind === 'durable work');
    const reason = absent[name] ?? (isOther ? `it has no part in ${kind}` : missing(PEERS[name]));
    if (reason === undefined) peers.push(PEERS[name]);
    else {
      skipped.push({ peer: name, reason });
      progress(`skipped ${PEERS[name].title}: ${reason}`);
    }
  }
  if (peers.length === 0) {
    throw new UsageError(`no peer can take part: ${skipped.map(({ reason }) => reason).join('; ')}`);
  }
  return { peers, skipped };
}
