import { Broker } from '@majordomo/broker';
import { Client, isMajordomoError, type MajordomoError } from '@majordomo/client';
import { Worker, type WorkerRequest } from '@majordomo/worker';
import { explain } from './finding';
import { HostileBroker } from './hostile-broker';
import { holdsWithin } from './poll';
import { measureMemory, watchUncaught, type Memory } from './watch';

/** What one run against clients or workers does. */
export interface EndpointRun {
  readonly target: 'client' | 'worker';
  readonly seed: number;
  /** Messages of the hostile broker after which it ends. */
  readonly messages: number;
  /** False where the process is not this run's alone, so that what it holds says nothing. Default: true. */
  readonly judgesMemory?: boolean;
}

/** What came of it. */
export interface EndpointReport {
  readonly target: EndpointRun['target'];
  readonly seed: number;
  readonly seconds: number;
  readonly messages: number;
  readonly bytes: number;
  readonly connections: number;
  /** Requests made while it lasted, by how they ended: `answered`, or the code of their error. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Messages that clients or workers refused. */
  readonly rejected: number;
  readonly memory: { readonly afterWarmUp: Memory; readonly atTheEnd: Memory };
  readonly objections: readonly string[];
}

const PROTOCOLS = ['packed', 'mdp/0.2', 'mdp/0.1', 'auto'] as const;

/** What makes a hostile broker be asked again at once. */
const IMPATIENT = { reconnectMinMs: 1, reconnectMaxMs: 10, probeMs: 50, heartbeatMs: 1_000, liveness: 5 };

/** Requests that each client makes at one time, and how long each may take, in ms. */
const LOOPS = 4;
const TIMEOUT_MS = 250;
/** How much later than that it may be settled on a machine that has other things to do, in ms. */
const LATE_MS_MAX = 5_000;
/** How long the hostile broker may have nothing to answer, in ms: then nobody talks to it any more. */
const SILENCE_MS_MAX = 15_000;
/** How long an honest broker may take to answer, in ms. */
const HONEST_MS = 15_000;
const HONEST_REQUESTS = 50;

const WARM_UP_SHARE = 0.2;
const HELD_BYTES_MAX = 8 * 1_024 * 1_024;

/** A hostile broker, an honest one, and what was found wrong with those that use both. */
class Ambush {
  readonly hostile: HostileBroker;
  readonly honest = new Broker({ bind: 'tcp://127.0.0.1:0', heartbeatMs: 1_000, liveness: 10 });
  readonly objections: string[] = [];
  readonly outcomes = new Map<string, number>();
  rejected = 0;
  isOver = false;
  readonly #watch = watchUncaught();
  readonly #loops: Promise<unknown>[] = [];

  constructor(readonly run: EndpointRun) {
    this.hostile = new HostileBroker(run.seed);
  }

  get brokers(): string[] {
    return [this.hostile.endpoint, ...this.honest.endpoints];
  }

  async start(): Promise<void> {
    await this.hostile.start();
    await this.honest.start();
  }

  object(line: string): void {
    if (this.objections.length < 20) this.objections.push(line);
  }

  /** Makes one request after another until it is over. What it is answered is up to the broker; that it ends is not. */
  keepAsking(
    client: Client,
    service: string,
    timeoutMs: number,
    isAnswer: (text: string, body: string) => boolean,
  ): void {
    const ask = async (loop: number): Promise<void> => {
      for (let number = 0; !this.isOver; number++) {
        const body = `${loop}, ${number}`;
        const startedAt = performance.now();
        const outcome = await outcomeOf(client, service, body, timeoutMs, number % 4 === 3);
        const lateMs = performance.now() - startedAt - timeoutMs;
        if (lateMs > LATE_MS_MAX) this.object(`a request took ${lateMs.toFixed(0)} ms longer than it may`);
        if (outcome instanceof Error && !isMajordomoError(outcome)) {
          this.object(`a request failed with ${explain(outcome)}`);
        }
        if (typeof outcome === 'string' && !isAnswer(outcome, body))
          this.object(`${body} was answered ${outcome}`);
        const name =
          typeof outcome === 'string' ? 'answered' : ((outcome as MajordomoError).code ?? 'unknown');
        this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    for (let loop = 0; loop < LOOPS; loop++) this.#loops.push(ask(loop));
  }

  /** Waits until the hostile broker has said so many messages. */
  async until(messages: number): Promise<void> {
    while (this.hostile.messages < messages && this.objections.length === 0) {
      const before = this.hostile.messages;
      const goesOn = await holdsWithin(SILENCE_MS_MAX, () => this.hostile.messages > before);
      if (!goesOn) this.object(`nobody has asked the hostile broker for ${SILENCE_MS_MAX} ms`);
    }
  }

  /** The hostile broker is gone; what was asked has ended. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.hostile.close();
    await Promise.all(this.#loops);
  }

  async report(startedAt: number, memory: EndpointReport['memory']): Promise<EndpointReport> {
    await this.honest.close();
    this.#watch.stop();
    for (const line of this.#watch.thrown) this.object(`uncaught: ${line}`);
    const held = memory.atTheEnd.heldBytes - memory.afterWarmUp.heldBytes;
    if (held > HELD_BYTES_MAX && this.run.judgesMemory !== false)
      this.object(`${held} bytes more are held than after the warm-up`);
    const { target, seed } = this.run;
    const { messages, bytes, connections } = this.hostile;
    return {
      target,
      seed,
      seconds: (performance.now() - startedAt) / 1_000,
      messages,
      bytes,
      connections,
      outcomes: Object.fromEntries(this.outcomes),
      rejected: this.rejected,
      memory,
      objections: this.objections,
    };
  }
}

/** The text of the reply, or what was thrown. */
async function outcomeOf(
  client: Client,
  service: string,
  body: string,
  timeoutMs: number,
  asStream: boolean,
): Promise<unknown> {
  try {
    if (!asStream) return (await client.request(service, body, { timeoutMs })).text();
    let last = '';
    // What comes is not bounded by the time for each message alone: a hostile broker may send PARTIALs for ever.
    let left = 20;
    for await (const message of client.stream(service, body, { timeoutMs })) {
      last = message.body.text();
      if (--left === 0) break;
    }
    return last;
  } catch (error) {
    return error;
  }
}

/** An honest worker's reply, after the hostile broker has gone. */
async function holdHonest(ambush: Ambush, client: Client, service: string, what: string): Promise<void> {
  for (let number = 0; number < HONEST_REQUESTS; number++) {
    const body = `honest ${number}`;
    const outcome = await outcomeOf(client, service, body, HONEST_MS, false);
    if (outcome === body) continue;
    ambush.object(`${what}: ${body} ended with ${explain(outcome)}`);
    return;
  }
}

const echo = ({ body }: WorkerRequest) => body;

async function runClients(ambush: Ambush): Promise<EndpointReport> {
  const startedAt = performance.now();
  const worker = new Worker('echo', echo, { brokers: [...ambush.honest.endpoints], concurrency: 4 });
  const registered = new Promise((resolve) => worker.once('registered', resolve));
  await worker.start();
  await registered;
  const { brokers } = ambush;
  const clients = PROTOCOLS.map((protocol) => {
    const client = new Client({ brokers, protocol, ...IMPATIENT, suspectMs: 0, retries: 1 });
    client.on('rejected', () => ambush.rejected++);
    ambush.keepAsking(client, 'echo', TIMEOUT_MS, () => true);
    return client;
  });
  await ambush.until(ambush.run.messages * WARM_UP_SHARE);
  const afterWarmUp = await measureMemory();
  await ambush.until(ambush.run.messages);
  await ambush.end();
  for (const [index, client] of clients.entries()) {
    const what = `a client of ${PROTOCOLS[index]} with an honest broker`;
    if (client.pending > 0) ambush.object(`${what} has ${client.pending} requests without end`);
    await holdHonest(ambush, client, 'echo', what);
  }
  const atTheEnd = await measureMemory();
  for (const client of clients) client.close();
  await worker.close();
  if (!(await holdsWithin(5_000, () => clients.every(({ sockets }) => sockets === 0)))) {
    ambush.object('a client that is closed has sockets');
  }
  return ambush.report(startedAt, { afterWarmUp, atTheEnd });
}

async function runWorkers(ambush: Ambush): Promise<EndpointReport> {
  const startedAt = performance.now();
  const { brokers } = ambush;
  const client = new Client({ brokers: [...ambush.honest.endpoints], protocol: 'packed', retries: 0 });
  const workers = PROTOCOLS.map((protocol) => {
    const worker = new Worker(`echo ${protocol}`, echo, { brokers, protocol, ...IMPATIENT, concurrency: 4 });
    worker.on('rejected', () => ambush.rejected++);
    return worker;
  });
  await Promise.all(workers.map((worker) => worker.start()));
  for (const { service } of workers) {
    ambush.keepAsking(client, service, HONEST_MS, (text, body) => text === body);
  }
  await ambush.until(ambush.run.messages * WARM_UP_SHARE);
  const afterWarmUp = await measureMemory();
  await ambush.until(ambush.run.messages);
  await ambush.end();
  for (const [name, count] of ambush.outcomes) {
    if (name !== 'answered') ambush.object(`${count} requests through the honest broker ended with ${name}`);
  }
  for (const worker of workers) {
    await holdHonest(ambush, client, worker.service, `the worker of ${worker.service}`);
    const settled = await holdsWithin(5_000, () => worker.stats.running + worker.stats.waiting === 0);
    const { requests, handled, failed, dropped } = worker.stats;
    if (!settled) ambush.object(`the worker of ${worker.service} has work that does not end`);
    else if (requests !== handled + failed + dropped) {
      ambush.object(`the worker of ${worker.service} counts ${JSON.stringify(worker.stats)}`);
    }
  }
  const atTheEnd = await measureMemory();
  client.close();
  await Promise.all(workers.map((worker) => worker.close()));
  return ambush.report(startedAt, { afterWarmUp, atTheEnd });
}

/** Has clients or workers use a hostile broker beside an honest one, and tells what they made of it. */
export async function runEndpoint(run: EndpointRun): Promise<EndpointReport> {
  const ambush = new Ambush(run);
  await ambush.start();
  return run.target === 'client' ? runClients(ambush) : runWorkers(ambush);
}
