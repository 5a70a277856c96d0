import type { Peer } from '../peers/peers';
import { progress } from '../progress';
import { Bed, type BedParams, type Cast } from './bed';

/** Starts a bed for each peer, runs `use` with them and ends them all, whatever happens. */
export async function withBeds<Result>(
  peers: readonly Peer[],
  cast: Cast,
  params: BedParams,
  use: (beds: readonly Bed[]) => Promise<Result>,
): Promise<Result> {
  const beds: Bed[] = [];
  try {
    for (const peer of peers) {
      progress(`starting ${peer.title}`);
      beds.push(await Bed.start(peer, cast, params));
    }
    return await use(beds);
  } finally {
    await Promise.all(beds.map((bed) => bed.stop()));
  }
}
