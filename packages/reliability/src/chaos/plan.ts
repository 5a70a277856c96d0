import { Random } from '../random';

/** What is done to processes and to the network between them; times in ms. */
export type Fault =
  /** SIGKILL, and a new process after a while. */
  | { readonly kind: 'kill'; readonly target: string; readonly forMs: number }
  /** SIGTERM, and a new process after a while. */
  | { readonly kind: 'terminate'; readonly target: string; readonly forMs: number }
  /** SIGSTOP, and SIGCONT after a while. */
  | { readonly kind: 'freeze'; readonly target: string; readonly forMs: number }
  /** All connections are reset; new ones are taken at once. */
  | { readonly kind: 'cut'; readonly target: string; readonly forMs: 0 }
  /** All connections are reset, and new ones as well for a while. */
  | { readonly kind: 'refuse'; readonly target: string; readonly forMs: number }
  /** Nothing moves, nothing closes, for a while. */
  | { readonly kind: 'stall'; readonly target: string; readonly forMs: number }
  /** Every byte takes long, and few fit through. */
  | {
      readonly kind: 'slow';
      readonly target: string;
      readonly forMs: number;
      readonly latencyMs: number;
      readonly bytesPerSecond: number;
    };

/** A fault, and when it begins, in ms after the start. */
export type PlannedFault = Fault & { readonly atMs: number };

/** Who faults may happen to, by name. */
export interface Targets {
  readonly brokers: readonly string[];
  readonly workers: readonly string[];
  readonly clients: readonly string[];
  readonly networks: readonly string[];
}

/** The mean time between the beginnings of two faults, in ms. */
const MEAN_GAP_MS = 600;

const KINDS = {
  killWorker: 22,
  terminateWorker: 8,
  freezeWorker: 14,
  killBroker: 7,
  terminateBroker: 4,
  freezeBroker: 6,
  killClient: 4,
  freezeClient: 6,
  cut: 10,
  refuse: 5,
  stall: 8,
  slow: 6,
} as const;

/**
 * The faults of a storm, in the order of time, all of it from the seed: the same seed, time and targets give the same
 * plan. No target has two faults at a time, and all are over when the time is.
 * @param durationMs - how long faults are made
 */
export function planOf(seed: number, durationMs: number, targets: Targets): readonly PlannedFault[] {
  const random = new Random(`plan ${seed}`);
  const freeAt = new Map<string, number>();
  const plan: PlannedFault[] = [];
  for (let atMs = gap(random); atMs < durationMs; atMs += gap(random)) {
    const fault = draw(random, targets, durationMs - atMs);
    if ((freeAt.get(fault.target) ?? 0) > atMs) continue;
    freeAt.set(fault.target, atMs + fault.forMs);
    plan.push({ ...fault, atMs });
  }
  return plan;
}

function gap(random: Random): number {
  return random.between(MEAN_GAP_MS / 6, (MEAN_GAP_MS * 11) / 6);
}

function draw(random: Random, { brokers, workers, clients, networks }: Targets, leftMs: number): Fault {
  const lasting = (minMs: number, maxMs: number): number => Math.min(leftMs, random.between(minMs, maxMs));
  const kind = random.weighted(KINDS);
  switch (kind) {
    case 'killWorker':
      return { kind: 'kill', target: random.oneOf(workers), forMs: lasting(100, 2_000) };
    case 'terminateWorker':
      return { kind: 'terminate', target: random.oneOf(workers), forMs: lasting(100, 1_000) };
    case 'freezeWorker':
      return { kind: 'freeze', target: random.oneOf(workers), forMs: lasting(300, 6_000) };
    case 'killBroker':
      return { kind: 'kill', target: random.oneOf(brokers), forMs: lasting(100, 2_000) };
    case 'terminateBroker':
      return { kind: 'terminate', target: random.oneOf(brokers), forMs: lasting(100, 1_000) };
    case 'freezeBroker':
      return { kind: 'freeze', target: random.oneOf(brokers), forMs: lasting(300, 5_000) };
    case 'killClient':
      return { kind: 'kill', target: random.oneOf(clients), forMs: lasting(100, 1_000) };
    case 'freezeClient':
      return { kind: 'freeze', target: random.oneOf(clients), forMs: lasting(300, 5_000) };
    case 'cut':
      return { kind: 'cut', target: random.oneOf(networks), forMs: 0 };
    case 'refuse':
      return { kind: 'refuse', target: random.oneOf(networks), forMs: lasting(200, 2_000) };
    case 'stall':
      return { kind: 'stall', target: random.oneOf(networks), forMs: lasting(200, 5_000) };
    case 'slow':
      return {
        kind: 'slow',
        target: random.oneOf(networks),
        forMs: lasting(500, 4_000),
        latencyMs: random.between(10, 200),
        bytesPerSecond: random.between(50_000, 1_000_000),
      };
  }
}

/** A planned fault in words, such as `1.20 s  freeze worker-3 for 480 ms`. */
export function describeFault(fault: PlannedFault): string {
  const at = `${(fault.atMs / 1_000).toFixed(2)} s`.padStart(9);
  const how =
    fault.kind === 'slow' ? `, ${fault.latencyMs} ms away, ${fault.bytesPerSecond} bytes a second` : '';
  const long = fault.kind === 'cut' ? '' : ` for ${fault.forMs} ms`;
  return `${at}  ${fault.kind} ${fault.target}${long}${how}`;
}
