import { Broker, type BrokerOptions } from '@majordomo/broker';
import type { MmiBroker } from '@majordomo/protocol';
import { Bystanders } from './bystanders';
import { conversationOf, type Conversation } from './conversations';
import { explain } from './finding';
import { converse } from './hostile-peer';
import { Ledger } from './ledger';
import { holdsWithin } from './poll';
import { measureMemory, watchUncaught, type Memory } from './watch';

/** What one run against a broker does. */
export interface BrokerRun {
  readonly seed: number;
  /** Messages after which no further conversation is begun. */
  readonly messages: number;
  /** Hostile peers at one time. */
  readonly peers: number;
  /** The 99th percentile of what well-behaved peers may wait for an answer, in ms. */
  readonly p99MsMax: number;
  /** What hostile peers say, until there is nothing more; those of the seed unless told otherwise. */
  readonly conversations?: (number: number) => Conversation | undefined;
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
/** How long the broker may take to forget those who left, in ms. */
const CLEAN_MS = 15_000;
/** Bytes that may be held more than after the warm-up, and that the process may have grown by. */
const HELD_BYTES_MAX = 8 * 1_024 * 1_024;
const RSS_BYTES_MAX = 96 * 1_024 * 1_024;

/** Counters that a request ends in; docs/PROTOCOL.md, "Management services". */
const ENDINGS = [
  'answered',
  'refused',
  'refusedDraining',
  'expired',
  'unserved',
  'cancelled',
  'failed',
  'overflowed',
  'exhausted',
  'withdrawn',
] as const;

/** Hostile peers talk to a broker while well-behaved ones work. */
class Siege {
  readonly ledger: Ledger;
  readonly objections: string[] = [];
  readonly underWay = new Map<number, Conversation>();
  suspects: readonly Conversation[] = [];
  conversations = 0;

  constructor(
    readonly broker: Broker,
    private readonly run: BrokerRun,
  ) {
    this.ledger = new Ledger(broker.options.limits);
  }

  object(line: string): void {
    this.objections.push(line);
    if (this.suspects.length === 0) this.suspects = [...this.underWay.values()];
  }

  /** Holds conversations until so many messages were sent in all, several at a time. */
  async until(messages: number): Promise<void> {
    await Promise.all(Array.from({ length: this.run.peers }, () => this.#peer(messages)));
  }

  async #peer(messages: number): Promise<void> {
    while (this.ledger.messages < messages && this.objections.length === 0) {
      const conversation = this.#conversation(this.conversations);
      if (!conversation) return;
      this.conversations++;
      this.underWay.set(conversation.number, conversation);
      try {
        await converse(this.broker.endpoints[0] ?? '', conversation, this.ledger);
      } catch (error) {
        this.object(explain(error));
      }
      this.underWay.delete(conversation.number);
    }
  }

  #conversation(number: number): Conversation | undefined {
    const { seed, conversations } = this.run;
    return conversations ? conversations(number) : conversationOf(seed, number);
  }

  /** Everybody hostile has left: nothing may be left of them. */
  async isClean({
    workers,
    sessions,
    services,
  }: Pick<Bystanders, 'workers' | 'sessions' | 'services'>): Promise<void> {
    const expected = { workers, clients: sessions, services, queued: 0, queuedBytes: 0, inFlight: 0 };
    const names = Object.keys(expected) as (keyof typeof expected)[];
    const differs = (state: MmiBroker): string[] =>
      names
        .filter((name) => state[name] !== expected[name])
        .map((name) => `${name} is ${state[name]}, should be ${expected[name]}`);
    const clean = await holdsWithin(CLEAN_MS, () => differs(this.broker.describe()).length === 0);
    if (clean) return;
    for (const line of differs(this.broker.describe())) this.object(`left behind: ${line}`);
  }
}

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
    judge(run, siege, bystanders, { afterWarmUp, atTheEnd });
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
  await bystanders.pause();
  await siege.isClean(bystanders);
  return measureMemory();
}

function judge(run: BrokerRun, siege: Siege, bystanders: Bystanders, memory: BrokerReport['memory']): void {
  const { counters, rejections } = siege.broker.describe();
  for (const line of siege.ledger.objections(rejections)) siege.object(`counted wrong: ${line}`);
  const ended = ENDINGS.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
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
