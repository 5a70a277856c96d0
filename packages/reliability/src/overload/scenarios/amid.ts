import type { BrokerOptions } from '@majordomo/broker';
import { Bed, emptyAgain, memoryCheck, sleep } from '../bed';
import { meekChecks } from '../meek-checks';
import type { BrokerStats, OffenderKind, OffenderStats } from '../parts/part';
import type { PartProcess } from '../process';
import { mib, number, tally, type Check, type ScenarioReport } from '../report';

/** The pairs of meek peers that are measured. */
const PAIRS = ['packed', 'mdp/0.2'] as const;

/** How long the meek pairs are measured alone, in seconds, at the most. */
const BEFORE_SECONDS_MAX = 5;

/** What somebody does to a broker while others use it. */
export interface Misbehaviour {
  readonly name: string;
  readonly summary: string;
  readonly rule: string;
  readonly options: BrokerOptions;
  readonly offenders: readonly { readonly kind: OffenderKind; readonly count: number }[];
  /** A worker that answers the offenders, of so many bytes, or a client that offers requests of so many bytes. */
  readonly answersBytes?: number;
  readonly asksBytes?: number;
  /** How much more memory it may take, in bytes, and why. */
  readonly memory: { readonly bytes: number; readonly of: string };
  /** How long it takes at least until there is something to see, in seconds. */
  readonly secondsMin?: number;
  readonly checks: (seen: Seen) => readonly Check[];
  readonly figures?: (seen: Seen) => readonly { readonly what: string; readonly seen: string }[];
}

/** What was seen while it lasted. */
export interface Seen {
  readonly seconds: number;
  readonly before: BrokerStats;
  readonly broker: BrokerStats;
  readonly offenders: readonly OffenderStats[];
  /** When the offenders began, in ms of the clock of this machine. */
  readonly startedAt: number;
}

/** Lets peers misbehave while meek ones are served, and says what those noticed. */
export async function amid(misbehaviour: Misbehaviour, seconds: number): Promise<ScenarioReport> {
  const bed = await Bed.make(misbehaviour.options);
  try {
    return await run(misbehaviour, bed, Math.max(seconds, misbehaviour.secondsMin ?? 0));
  } finally {
    await bed.end();
  }
}

async function run(misbehaviour: Misbehaviour, bed: Bed, seconds: number): Promise<ScenarioReport> {
  const { endpoint } = bed.broker;
  const pairs: PartProcess<'meek'>[] = [];
  for (const protocol of PAIRS) {
    pairs.push(
      await bed.add({ part: 'meek', endpoint, service: `meek ${protocol}`, protocol, serves: true }),
    );
  }
  await addHelpers(misbehaviour, bed, endpoint);
  await sleep(300);
  await Promise.all(pairs.map((pair) => pair.stats()));
  await sleep(1_000 * Math.min(seconds, BEFORE_SECONDS_MAX));
  const calm = await Promise.all(pairs.map((pair) => pair.stats()));
  const before = await bed.broker.stats();

  const startedAt = Date.now();
  const offending = misbehaviour.offenders.map(({ kind, count }) =>
    bed.add({ part: 'offender', endpoint, kind, count }),
  );
  const offenders = await Promise.all(offending);
  await sleep(1_000 * seconds);
  const amidst = await Promise.all(pairs.map((pair) => pair.stats()));
  const broker = await bed.broker.stats();
  const seen: Seen = {
    seconds: (Date.now() - startedAt) / 1_000,
    before,
    broker,
    offenders: await Promise.all(offenders.map((offender) => offender.stats())),
    startedAt,
  };
  await Promise.all(offenders.map((offender) => offender.kill()));
  const helpers = (misbehaviour.answersBytes ?? 0) > 0 ? 1 : 0;
  const flood = (misbehaviour.asksBytes ?? 0) > 0 ? 1 : 0;
  const after =
    flood > 0
      ? undefined
      : await emptyAgain(bed, { services: 2 + helpers, workers: 2 + helpers, clients: 2 });
  return {
    name: misbehaviour.name,
    summary: misbehaviour.summary,
    rule: misbehaviour.rule,
    latencies: PAIRS.flatMap((of, at) => [
      { of: `meek ${of}`, when: 'before', latency: calm[at]!.latency },
      { of: `meek ${of}`, when: 'meanwhile', latency: amidst[at]!.latency },
    ]),
    figures: [
      ...(misbehaviour.figures?.(seen) ?? []),
      ...seen.offenders.flatMap(({ shortfall }) =>
        shortfall ? [{ what: 'fell short', seen: shortfall }] : [],
      ),
      { what: 'messages not taken', seen: tally(broker.rejections) },
      {
        what: 'memory',
        seen: `${number(mib(before.rssBytes))} MiB at rest, ${number(mib(broker.peakRssBytes))} at its peak`,
      },
      ...(after
        ? [{ what: 'tables empty again', seen: `after ${number(Math.round(after.tookMs))} ms` }]
        : []),
    ],
    checks: [
      ...PAIRS.flatMap((of, at) => meekChecks(`meek ${of} pair`, calm[at]!, amidst[at]!)),
      memoryCheck(broker.peakRssBytes, before.rssBytes, misbehaviour.memory.bytes, misbehaviour.memory.of),
      ...misbehaviour.checks(seen),
      ...(after?.checks ?? []),
    ],
  };
}

async function addHelpers(misbehaviour: Misbehaviour, bed: Bed, endpoint: string): Promise<void> {
  const { answersBytes = 0, asksBytes = 0 } = misbehaviour;
  const service = 'large';
  if (answersBytes > 0) {
    const size = { concurrency: 4, workMs: 0, replyBytes: answersBytes };
    await bed.add({ part: 'worker', endpoint, service, ...size });
  }
  if (asksBytes > 0) {
    await bed.add({ part: 'flood', endpoint, service, dialect: 'packed', perSecond: 200, bytes: asksBytes });
  }
}
