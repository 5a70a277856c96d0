import { bytes, trimmed } from '../format';
import { COMPARED, type PeerName } from '../peers/peer-names';
import { ECHO_CAST, type Bed } from '../processes/bed';
import { withBeds } from '../processes/beds';
import { progress } from '../progress';
import { rotated } from '../stats';
import { cellsOf, type Cell } from './cells';
import { choose } from './choose';
import type { RunOptions } from './options';
import { reportOf, type RpcReport, type RpcSample, type Taken } from './rpc-report';
import { timingOf, type Timing } from './timing';

const QUICK_PEERS: readonly PeerName[] = ['ours-packed', 'nats', 'raw', 'ours-0.2'];

/** In flight and bytes of the first warm-up. */
const WARMUP: Cell = { inFlight: 100, bytes: 100 };

/** Request and reply in a closed loop: every peer in every cell, in turn, round after round. */
export async function rpc(options: RunOptions): Promise<RpcReport> {
  const { peers, skipped } = choose(options.peers ?? (options.quick ? QUICK_PEERS : COMPARED));
  const cells = cellsOf(options.quick, options.inFlight, options.sizes);
  const timing = timingOf(options, cells.length * peers.length, peers.length);
  const taken: Taken[] = [];
  await withBeds(peers, ECHO_CAST, {}, async (beds) => {
    for (const bed of beds) await run(bed, WARMUP, { warmupMs: 0, measureMs: timing.firstWarmupMs });
    for (let round = 0; round < timing.rounds; round++) {
      for (const [at, cell] of cells.entries()) {
        for (const bed of rotated(beds, round + at)) {
          const sample = { round, ...(await run(bed, cell, timing)) };
          taken.push({ cell, peer: bed.peer.name, sample });
          progress(
            `round ${round + 1}/${timing.rounds}  ${cell.inFlight} × ${bytes(cell.bytes)}  ${bed.peer.title}: ` +
              `${trimmed(sample.perSecond)}/s`,
          );
        }
      }
    }
  });
  const names = peers.map(({ name }) => name);
  return { ...reportOf(cells, names, taken), timing, skipped };
}

/** One measurement. */
async function run(
  bed: Bed,
  cell: Cell,
  { warmupMs, measureMs }: Pick<Timing, 'warmupMs' | 'measureMs'>,
): Promise<Omit<RpcSample, 'round'>> {
  await bed.prepare(cell.inFlight);
  const before = await bed.brokerUsage();
  const result = await bed.client.ask('load', { ...cell, warmupMs, measureMs });
  const after = await bed.brokerUsage();
  const { perSecond, latencyUs } = result;
  const sample = { perSecond, p50Us: latencyUs.p50, p99Us: latencyUs.p99, p999Us: latencyUs.p999 };
  if (!before || !after || !Number.isFinite(after.cpuUs)) return sample;
  return { ...sample, brokerUs: (after.cpuUs - before.cpuUs) / result.callsInAll };
}
