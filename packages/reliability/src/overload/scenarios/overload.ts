import { availableParallelism, loadavg } from 'node:os';
import { endedOf } from '../../endings';
import { Bed, emptyAgain, memoryCheck, sleep } from '../bed';
import { meekChecks } from '../meek-checks';
import type { BrokerStats } from '../parts/part';
import { atLeast, atMost, mib, number, tally, type Check, type ScenarioReport } from '../report';

const MIB = 1_024 * 1_024;
const SERVICE = 'work';
/** Ten at a time, 20 ms each: about five hundred a second. */
const WORKER = { concurrency: 10, workMs: 20, replyBytes: 64 };
const BODY_BYTES = 1_024;
const OPTIONS = { queueMax: 1_000, queueBytesMax: 8 * MIB, pendingBytesMax: 16 * MIB };
/** Messages that requests under way keep alive: 64 MiB, and four times what is pending. */
const RETAINED_BYTES = 64 * MIB + 4 * OPTIONS.pendingBytesMax;
/** What an allocator and a garbage collector keep of what has been let go. */
const SLACK_BYTES = 96 * MIB;
/** How many times as much is offered as can be served. */
const TIMES = 10;
/** Of the peak, what has to be served all the same; less where other processes want the machine as well. */
const SERVED_SHARE = 0.9;
const SERVED_SHARE_BUSY = 0.5;
/** How soon a packed client is to know that it is refused, but for what waited first, and then made room for others. */
const REFUSED_P90_MS = 1_000;
/** How long the peak is measured, in seconds, at the most. */
const PEAK_SECONDS_MAX = 5;

export const OVERLOAD = {
  name: 'overload',
  summary: `${TIMES} times as much offered as can be served, half of it by a packed client, half by one of MDP/0.2`,
};

const answeredOf = ({ counters }: BrokerStats) => counters['answered'] ?? 0;

/** What was answered a second, over some seconds. */
async function rate(
  bed: Bed,
  seconds: number,
): Promise<{ mean: number; lowest: number; peakRssBytes: number }> {
  const startedAt = performance.now();
  const first = answeredOf(await bed.broker.stats());
  let [last, lastAt, lowest, peakRssBytes] = [first, startedAt, Infinity, 0];
  for (let second = 1; second <= Math.max(1, Math.round(seconds)); second++) {
    await sleep(startedAt + second * 1_000 - performance.now());
    const stats = await bed.broker.stats();
    const now = performance.now();
    const answered = answeredOf(stats);
    lowest = Math.min(lowest, ((answered - last) * 1_000) / (now - lastAt));
    peakRssBytes = Math.max(peakRssBytes, stats.peakRssBytes);
    [last, lastAt] = [answered, now];
  }
  return { mean: ((last - first) * 1_000) / (lastAt - startedAt), lowest, peakRssBytes };
}

/** Offers far more than can be served, and looks at what becomes of it, and of two clients that ask for little. */
export async function overload(seconds: number): Promise<ScenarioReport> {
  const isBusy = (loadavg()[0] ?? 0) > availableParallelism();
  const bed = await Bed.make(OPTIONS);
  try {
    return await run(bed, seconds, isBusy ? SERVED_SHARE_BUSY : SERVED_SHARE);
  } finally {
    await bed.end();
  }
}

async function run(bed: Bed, seconds: number, servedShare: number): Promise<ScenarioReport> {
  const { endpoint } = bed.broker;
  await bed.add({ part: 'worker', endpoint, service: SERVICE, ...WORKER });
  const packed = await bed.add({
    part: 'meek',
    endpoint,
    service: SERVICE,
    protocol: 'packed',
    serves: false,
  });
  const plain = await bed.add({
    part: 'meek',
    endpoint,
    service: SERVICE,
    protocol: 'mdp/0.2',
    serves: false,
  });
  const meek = [packed, plain];
  await sleep(1_000);
  const calm = await Promise.all(meek.map((each) => each.stats()));
  const before = await bed.broker.stats();

  /** What the worker could serve if nothing took time but the work. */
  const most = (WORKER.concurrency * 1_000) / WORKER.workMs;
  const flood = { part: 'flood', endpoint, service: SERVICE, bytes: BODY_BYTES } as const;
  const measurePeak = async () => {
    const busy = await bed.add({ ...flood, dialect: 'packed', perSecond: 1.5 * most });
    await sleep(1_000);
    const measured = await rate(bed, Math.min(PEAK_SECONDS_MAX, Math.max(1, seconds / 4)));
    await busy.kill();
    await bed.until('end of the queue', ({ queued }) => queued <= 2);
    return measured;
  };
  const peak = await measurePeak();
  await Promise.all(meek.map((each) => each.stats()));
  const counted = await bed.broker.stats();

  const perSecond = (TIMES * most) / 2;
  const floods = [
    await bed.add({ ...flood, dialect: 'packed', perSecond }),
    await bed.add({ ...flood, dialect: 'mdp/0.2', perSecond }),
  ] as const;
  const loaded = await rate(bed, seconds);
  const amidst = await Promise.all(meek.map((each) => each.stats()));
  const stats = await bed.broker.stats();
  const [ofPacked, ofPlain] = [await floods[0].stats(), await floods[1].stats()];
  await Promise.all(floods.map((each) => each.kill()));
  const after = await emptyAgain(bed, { services: 1, workers: 1, clients: 2 });
  // The machine may have become slower meanwhile, for reasons of its own.
  const peakAfter = await measurePeak();

  const refused = (stats.counters['refused'] ?? 0) - (counted.counters['refused'] ?? 0);
  const toldRefused = ofPacked.failures['QUEUE_FULL'] ?? 0;
  const offered = ofPacked.offered + ofPlain.offered;
  return {
    ...OVERLOAD,
    rule: 'queueMax: what is beyond it is refused, first of all to those who have most in the queue',
    latencies: [
      ...['packed', 'mdp/0.2'].flatMap((of, at) => [
        { of: `meek ${of} client`, when: 'before', latency: calm[at]!.latency },
        { of: `meek ${of} client`, when: 'meanwhile', latency: amidst[at]!.latency },
      ]),
      { of: 'QUEUE_FULL', when: 'meanwhile', latency: ofPacked.refused },
    ],
    figures: [
      {
        what: 'peak',
        seen: `${number(Math.round(peak.mean))} answered a second, ${number(Math.round(peakAfter.mean))} afterwards`,
      },
      { what: 'offered', seen: `${number(Math.round(offered / seconds))} a second` },
      {
        what: 'answered meanwhile',
        seen: `${number(Math.round(loaded.mean))} a second, ${number(Math.round(loaded.lowest))} in the slowest`,
      },
      { what: 'refused to the packed client', seen: `${number(toldRefused)}; ${tally(ofPacked.failures)}` },
      { what: 'dropped of the plain client, counted', seen: number(refused - toldRefused) },
      { what: 'answered to it', seen: `${number(ofPlain.answered)} of ${number(ofPlain.offered)}` },
      {
        what: 'memory',
        seen: `${number(mib(before.rssBytes))} MiB at rest, ${number(mib(loaded.peakRssBytes))} at its peak`,
      },
      { what: 'tables empty again', seen: `after ${number(Math.round(after.tookMs))} ms` },
    ],
    checks: [
      atLeast(
        'share of the peak that is served',
        loaded.mean / Math.min(peak.mean, peakAfter.mean),
        servedShare,
      ),
      atMost('p90 of QUEUE_FULL', ofPacked.refused.p90Ms, REFUSED_P90_MS, 'ms'),
      {
        what: 'refused',
        holds: toldRefused > 0 && refused > toldRefused,
        seen: number(refused),
        bound: 'some of both clients',
      },
      balanced(stats),
      ...['packed', 'mdp/0.2'].flatMap((of, at) => meekChecks(`meek ${of} client`, calm[at]!, amidst[at]!)),
      memoryCheck(
        Math.max(peak.peakRssBytes, loaded.peakRssBytes),
        before.rssBytes,
        OPTIONS.pendingBytesMax + RETAINED_BYTES + SLACK_BYTES,
        '16 of requests, 128 of messages that they came in, 96 of garbage',
      ),
      ...after.checks,
    ],
  };
}

/** Every request has ended in one way, or is still under way. */
function balanced({ counters, queued, inFlight }: BrokerStats): Check {
  const ended = endedOf(counters);
  const requests = counters['requests'] ?? 0;
  const lost = requests - ended - queued;
  return {
    what: 'requests without an end, or a place',
    holds: lost >= 0 && lost <= inFlight,
    seen: `${number(lost)} of ${number(requests)}`,
    bound: `those in flight: ${number(inFlight)}`,
  };
}
