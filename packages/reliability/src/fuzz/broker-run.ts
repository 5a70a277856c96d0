import { Broker, type BrokerOptions } from '@majordomo/broker';
import { endedOf } from '../endings';
import { Bystanders } from './bystanders';
import type { Conversation } from './conversations';
import { explain } from './finding';
import { Siege, type SiegeOptions } from './siege';
import { measureMemory, watchUncaught, type Memory } from './watch';

/** What one run against a broker does. */
export interface BrokerRun extends SiegeOptions {
  /** Messages after which no further conversation is begun. */
  readonly messages: number;
  /** The 99th percentile of what well-behaved peers may wait for an answer, in ms. */
  readonly p99MsMax: number;
  /** False where the process is not this run's alone, so that what it holds says nothing. Default: true. */
  readonly judgesMemory?: boolean;
  /** The broker that is tried: ours, or one with a bug planted in it. */
  readonly broker?: new (options: BrokerOptions) => Broker;
}

/** What came of it. */
export interface BrokerReport {
  readonly target: 'broker';
  readonly seed: number;
  readonly seconds: number;
  readonly messages: number;
  readonly bytes: number;
  readonly conversations: number;
  /** Messages that the broker refused, by reason, and valid commands out of place. */
  readonly rejections: Readonly<Record<string, number>>;
  readonly protocolErrors: number;
  readonly counters: Readonly<Record<string, number>>;
  /** Requests of the well-behaved peers, and how long they took in ms. */
  readonly bystanders: {
    readonly requests: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly memory: { readonly afterWarmUp: Memory; readonly atTheEnd: Memory };
  /** What was wrong, one line each. */
  readonly objections: readonly string[];
  /** The conversations that were under way when something was found wrong. */
  readonly suspects: readonly Conversation[];
}

/** What a broker may be sent, and times so short that what was left behind is soon cleaned up. */
const OPTIONS = {
  bind: 'tcp://127.0.0.1:0',
  heartbeatMs: 1_000,
  liveness: 10,
  serviceExpiryMs: 300,
  jobDeadlineMs: 3_000,
  queueMax: 5_000,
  limits: { framesMax: 1_024, frameBytesMax: 65_536, messageBytesMax: 262_144 },
} as const satisfies BrokerOptions;

/** Of all messages, those that warm up: memory is compared with what it was after them. */
const WARM_UP_SHARE = 0.2;
/** Bytes that may be held more than after the warm-up, and that the process may have grown by. */
const HELD_BYTES_MAX = 8 * 1_024 * 1_024;
const RSS_BYTES_MAX = 96 * 1_024 * 1_024;

/** Besieges a broker, and tells what it made of it. */
export async function runBroker(run: BrokerRun): Promise<BrokerReport> {
  const watch = watchUncaught();
  const broker = new (run.broker ?? Broker)(OPTIONS);
  const siege = new Siege(broker, run);
  broker.on('failed', (error) => siege.object(`the broker failed: ${explain(error)}`));
  await broker.start();
  const bystanders = await Bystanders.start(broker.endpoints[0] ?? '');
  const startedAt = performance.now();
  try {
    await siege.until(run.messages * WARM_UP_SHARE);
    const afterWarmUp = await quiet(siege, bystanders);
    bystanders.latency.reset();
    bystanders.resume();
    await siege.until(run.messages);
    const atTheEnd = await quiet(siege, bystanders);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (siege.objections.length === 0) judge(run, siege, bystanders, { afterWarmUp, atTheEnd });
    for (const line of watch.thrown) siege.object(`uncaught: ${line}`);
    return report(run, siege, bystanders, seconds, { afterWarmUp, atTheEnd });
  } finally {
    await bystanders.stop();
    await broker.close();
    watch.stop();
  }
}

/** What is held once all hostile peers have left, and the others rest. */
async function quiet(siege: Siege, bystanders: Bystanders): Promise<Memory> {
  if (siege.objections.length === 0) {
    await bystanders.pause();
    await siege.isClean(bystanders);
  }
  return measureMemory();
}

function judge(run: BrokerRun, siege: Siege, bystanders: Bystanders, memory: BrokerReport['memory']): void {
  const { counters, rejections } = siege.broker.describe();
  for (const line of siege.ledger.objections(rejections)) siege.object(`counted wrong: ${line}`);
  const ended = endedOf(counters);
  if (counters['requests'] !== ended) {
    siege.object(`${counters['requests']} requests came, and ${ended} have ended`);
  }
  if (bystanders.failed > 0) {
    siege.object(
      `${bystanders.failed} requests of well-behaved clients failed: ${bystanders.failures.join('; ')}`,
    );
  }
  const p99 = bystanders.latency.getValueAtPercentile(99) / 1_000;
  if (p99 > run.p99MsMax)
    siege.object(`well-behaved clients waited ${p99} ms (p99), at most ${run.p99MsMax}`);
  if (run.judgesMemory === false) return;
  const { afterWarmUp, atTheEnd } = memory;
  const held = atTheEnd.heldBytes - afterWarmUp.heldBytes;
  const grown = atTheEnd.rssBytes - afterWarmUp.rssBytes;
  if (held > HELD_BYTES_MAX) siege.object(`${held} bytes more are held than after the warm-up`);
  if (grown > RSS_BYTES_MAX) siege.object(`the process has grown by ${grown} bytes`);
}

function report(
  { seed }: BrokerRun,
  { broker, ledger, conversations, objections, suspects }: Siege,
  { latency }: Bystanders,
  seconds: number,
  memory: BrokerReport['memory'],
): BrokerReport {
  const { counters, rejections } = broker.describe();
  const ms = (percentile: number): number => latency.getValueAtPercentile(percentile) / 1_000;
  return {
    target: 'broker',
    seed,
    seconds,
    messages: ledger.messages,
    bytes: ledger.bytes,
    conversations,
    rejections,
    protocolErrors: counters['protocolErrors'] ?? 0,
    counters,
    bystanders: { requests: latency.totalCount, p50: ms(50), p99: ms(99), max: latency.maxValue / 1_000 },
    memory,
    objections,
    suspects,
  };
}
