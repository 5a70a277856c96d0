import {
  decodeText,
  DEFAULT_LIMITS,
  encodeText,
  mdp01,
  mdp02,
  mdp02OverReq,
  type BrokerToClient,
  type BrokerToWorker,
  type ClientFailure,
  type Dialect,
  type DialectName,
  type Frame,
  type WorkerToBroker,
} from '@majordomo/protocol';
import { BrokerCore } from '../../src/core/broker-core';
import type { Outbound } from '../../src/core/outbound';
import type { CoreSettings } from '../../src/core/settings';
import { cost, SETTINGS } from './bench';

/** One thing that happens to a broker. */
export type Step =
  | { do: 'request'; client: string; service: string; bytes: number; dialect: 'mdp/0.1' | 'mdp/0.2' | 'req' }
  | { do: 'ready'; worker: string; service: string; dialect: DialectName; credit: number }
  | { do: 'final' | 'partial'; worker: string; back: number; bytes: number }
  | { do: 'heartbeat' | 'disconnect' | 'garbage'; worker: string }
  | { do: 'forge'; worker: string; ref: string }
  | { do: 'gone'; peer: string }
  | { do: 'wait'; ms: number };

const DIALECTS: Record<'mdp/0.1' | 'mdp/0.2' | 'req', Dialect> = {
  'mdp/0.1': mdp01,
  'mdp/0.2': mdp02,
  req: mdp02OverReq,
};

const LIMITS: CoreSettings = {
  ...SETTINGS,
  liveness: 3,
  jobDeadlineMs: 1_500,
  attemptsMax: 2,
  queueMax: 6,
  queueBytesMax: 5_200,
  pendingBytesMax: 13_000,
  servicesMax: 3,
  workersMax: 4,
  limits: { ...DEFAULT_LIMITS, framesMax: 6, messageBytesMax: 90 },
};

/** What the checker knows of a request, from the messages that crossed alone. */
interface Asked {
  readonly client: string;
  readonly service: string;
  readonly bytes: number;
  readonly dialect: Dialect;
  /** Workers that were given it. */
  given: number;
  /** What PARTIALs should be gathered for it. */
  gathered: string[];
  ended: boolean;
}

/** What the checker knows of a worker's session. */
interface Session {
  readonly service: string;
  readonly dialect: Dialect;
  readonly credit: number;
  /** References that it was sent and has not answered, with the request behind each. */
  readonly held: Map<string, Asked>;
}

/**
 * A broker's core amid peers that do what they like, and a checker that reads every message. It keeps its own
 * books of what was sent and received, never looks into the core's records, and compares the sums.
 *
 * The body of a request starts with its number, and so does every honest reply: `7:xxx`.
 */
export class World {
  readonly #core: BrokerCore;
  #now = 0;
  readonly #asked: Asked[] = [];
  readonly #sessions = new Map<string, Session>();
  /** Every request that a worker was ever sent, newest last. */
  readonly #sentTo = new Map<string, { ref: string; number: number }[]>();
  readonly #refs = new Set<string>();
  /** The request that the step of now is about. */
  #current: Asked | undefined;

  constructor() {
    const outbound: Outbound = {
      toClient: (peer, dialect, command) => this.#toClient(peer, dialect, command),
      toWorker: (peer, dialect, command) => this.#toWorker(peer, dialect, command),
      event: (event) => {
        if (event.type === 'workerLost') this.#sessionEnded(Buffer.from(event.peer, 'hex').toString());
      },
      about: () => ({ version: '0.0.0', memoryBytes: 0 }),
    };
    this.#core = new BrokerCore(LIMITS, outbound, 0);
  }

  /** Lets one thing happen, then checks everything. */
  take(step: Step): void {
    this.#current = undefined;
    this.#happen(step);
    this.#check();
  }

  /** Every worker leaves and nobody comes: what waits expires, and nothing is left. */
  abandon(): void {
    for (const worker of [...this.#sessions.keys()]) this.take({ do: 'disconnect', worker });
    this.take({ do: 'wait', ms: LIMITS.serviceExpiryMs });
    this.#checkOver();
  }

  /** Honest workers answer all that is left, and leave. */
  serve(): void {
    for (const worker of [...this.#sessions.keys()]) this.take({ do: 'disconnect', worker });
    for (const service of new Set(this.#open().map((asked) => asked.service))) {
      this.take({ do: 'ready', worker: 'honest', service, dialect: 'mdp/0.1', credit: 1 });
      while (this.#sessions.get('honest')!.held.size > 0) {
        this.take({ do: 'final', worker: 'honest', back: 0, bytes: 1 });
      }
      this.take({ do: 'disconnect', worker: 'honest' });
    }
    this.#checkOver();
  }

  /** The broker stops. */
  stop(): void {
    this.#current = undefined;
    this.#core.stop(this.#now);
    this.#check();
    this.#checkOver();
  }

  #happen(step: Step): void {
    switch (step.do) {
      case 'request':
        return this.#request(step);
      case 'ready':
        return this.#ready(step);
      case 'final':
      case 'partial':
        return this.#answer(step);
      case 'forge':
        return this.#say(step.worker, { kind: 'final', ref: step.ref, body: [encodeText('forged')] });
      case 'heartbeat':
      case 'disconnect':
        return this.#say(step.worker, { kind: step.do });
      case 'garbage':
        return this.#core.reject(step.worker, { reason: 'truncated', detail: 'cut' }, this.#now);
      case 'gone':
        for (const asked of this.#asked) if (asked.client === step.peer) asked.ended = true;
        return this.#core.peerGone(step.peer, 'connection_closed', this.#now);
      case 'wait':
        this.#now += step.ms;
        return this.#core.tick(this.#now);
    }
  }

  #request({ client, service, bytes, dialect: name }: Extract<Step, { do: 'request' }>): void {
    const text = `${this.#asked.length}:${'x'.repeat(bytes)}`;
    const dialect = DIALECTS[name];
    const fresh = { given: 0, gathered: [], ended: false };
    this.#current = { client, service, bytes: cost(text), dialect, ...fresh };
    this.#asked.push(this.#current);
    const command = { kind: 'request', service, body: [encodeText(text)] } as const;
    this.#core.receive(client, { half: 'client', dialect, command }, this.#now);
  }

  /** Entered in the books before it is said: the broker may send work at once. Where it refuses, it says so. */
  #ready({ worker, service, dialect: name, credit }: Extract<Step, { do: 'ready' }>): void {
    const dialect = DIALECTS[name];
    if (!this.#sessions.has(worker)) {
      this.#sessions.set(worker, { service, dialect, credit, held: new Map() });
    }
    this.#say(worker, { kind: 'ready', service, credit }, dialect);
  }

  #answer({ do: kind, worker, back, bytes }: Extract<Step, { do: 'final' | 'partial' }>): void {
    const sent = this.#sentTo.get(worker)?.at(-1 - back);
    if (!sent) return;
    const text = `${sent.number}:${'y'.repeat(bytes)}`;
    const session = this.#sessions.get(worker);
    const asked = session?.held.get(sent.ref);
    this.#current = asked;
    if (kind === 'final') session?.held.delete(sent.ref);
    if (asked && !asked.dialect.partials) asked.gathered.push(text);
    this.#say(worker, { kind, ref: sent.ref, body: [encodeText(text)] });
  }

  #say(worker: string, command: WorkerToBroker, dialect?: Dialect): void {
    const spoken = dialect ?? this.#sessions.get(worker)?.dialect ?? mdp02;
    this.#core.receive(worker, { half: 'worker', dialect: spoken, command }, this.#now);
  }

  #sessionEnded(worker: string): void {
    const held = this.#sessions.get(worker)?.held.values() ?? [];
    for (const asked of held) asked.gathered = [];
    this.#sessions.delete(worker);
  }

  #toWorker(peer: string, dialect: Dialect, command: BrokerToWorker): void {
    const session = this.#sessions.get(peer);
    if (command.kind === 'disconnect') return this.#sessionEnded(peer);
    expect(dialect).toBe(session?.dialect);
    if (command.kind === 'heartbeat') return;
    const number = numberOf(command.body[0]!);
    const asked = this.#asked[number]!;
    expect(this.#refs).not.toContain(command.ref);
    expect(asked).toMatchObject({ service: session!.service, ended: false });
    expect(this.#isHeld(asked)).toBe(false);
    this.#refs.add(command.ref);
    session!.held.set(command.ref, asked);
    expect(session!.held.size).toBeLessThanOrEqual(session!.credit);
    expect(++asked.given).toBeLessThanOrEqual(LIMITS.attemptsMax);
    this.#sentTo.set(peer, [...(this.#sentTo.get(peer) ?? []), { ref: command.ref, number }]);
  }

  #toClient(peer: string, dialect: Dialect, command: BrokerToClient): void {
    if (command.kind === 'failure') {
      const asked = this.#whichFailed(peer, dialect, command);
      expect(asked).toMatchObject({ client: peer, service: command.service, dialect, ended: false });
      asked!.ended = true;
      return;
    }
    const asked = this.#asked[numberOf(command.body[0]!)]!;
    expect(asked).toBe(this.#current);
    expect(asked).toMatchObject({ client: peer, service: command.service, dialect, ended: false });
    if (!dialect.partials) expect(command.body.map(decodeText)).toEqual(asked.gathered);
    if (command.kind === 'final') asked.ended = true;
    else expect(dialect.partials).toBe(true);
  }

  /** A failure does not name its request, but each code leaves one choice, or several that all fail at once. */
  #whichFailed(client: string, dialect: Dialect, { code, service }: ClientFailure): Asked | undefined {
    if (code === 'QUEUE_FULL') return this.#current;
    return this.#open().find(
      (asked) =>
        asked.client === client &&
        asked.service === service &&
        asked.dialect === dialect &&
        (code === 'BROKER_DRAINING' || !this.#isHeld(asked)) &&
        (code !== 'ATTEMPTS_EXHAUSTED' || asked.given === LIMITS.attemptsMax),
    );
  }

  #open(): Asked[] {
    return this.#asked.filter(({ ended }) => !ended);
  }

  #isHeld(asked: Asked): boolean {
    return [...this.#sessions.values()].some(({ held }) => [...held.values()].includes(asked));
  }

  #check(): void {
    const { counters, services, workers, clientCount, pendingBytes } = this.#core;
    const open = this.#open();
    const ends = [
      counters.answered,
      counters.refused,
      counters.refusedDraining,
      counters.expired,
      counters.exhausted,
      counters.withdrawn,
    ];
    expect(counters.requests).toBe(this.#asked.length);
    expect(counters.requests - sum(ends)).toBe(open.length);
    expect([...workers.keys()].sort()).toEqual([...this.#sessions.keys()].sort());
    expect(clientCount).toBe(new Set(open.map(({ client }) => client)).size);
    const bytes = open.map((asked) => asked.bytes + sum(asked.gathered.map((text) => text.length + 256)));
    expect(pendingBytes).toBe(sum(bytes));
    expect(pendingBytes).toBeLessThanOrEqual(LIMITS.pendingBytesMax);
    expect(services.size).toBeLessThanOrEqual(LIMITS.servicesMax);
    expect(workers.size).toBeLessThanOrEqual(LIMITS.workersMax);
    this.#checkQueues(open.filter((asked) => !this.#isHeld(asked)));
  }

  /** Nothing waits while a worker of its service has credit, and no queue is longer than allowed. */
  #checkQueues(waiting: Asked[]): void {
    for (const { service } of waiting) {
      const free = [...this.#sessions.values()].filter((each) => each.held.size < each.credit);
      expect(free.map((each) => each.service)).not.toContain(service);
      const fresh = waiting.filter((each) => each.service === service && each.given === 0);
      expect(fresh.length).toBeLessThanOrEqual(LIMITS.queueMax);
      expect(sum(fresh.map(({ bytes }) => bytes))).toBeLessThanOrEqual(LIMITS.queueBytesMax);
    }
  }

  #checkOver(): void {
    const { workers, services, clientCount, pendingBytes, drained } = this.#core;
    expect(this.#open()).toEqual([]);
    expect([workers.size, services.size, clientCount, pendingBytes, drained]).toEqual([0, 0, 0, 0, true]);
  }
}

function numberOf(frame: Frame): number {
  return Number.parseInt(decodeText(frame), 10);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
