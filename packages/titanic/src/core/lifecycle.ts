/**
 * The life of a durable request, as the stores keep it:
 *
 * - `waiting`: for its time, for its turn, or for its next attempt. → `running` when a titanic claims it; →
 *   `cancelled` when somebody takes it back; → `expired` when its time to live is up; → `waiting` when it is edited
 *   or moved.
 * - `running`: claimed, under a lease. → `done` by the reply; → `waiting` by a failure that may be tried again, by a
 *   delivery that did not happen, by a lease that ran out, and, for a schedule, once it has fired; → `dead` by a
 *   failure that may not be tried again, or the last attempt; → `expired` when its time to live ended meanwhile.
 * - `done`: its reply is kept until it is closed or purged.
 * - `dead`: a dead letter, with its last error. → `waiting` when somebody revives it.
 * - `expired`, `cancelled`: over, without a reply.
 *
 * Whatever its state, closing a request removes it.
 */
export const STATES = ['waiting', 'running', 'done', 'dead', 'expired', 'cancelled'] as const;

/** What a durable request is. */
export type State = (typeof STATES)[number];

/** What happens to a durable request. */
export type LifeEvent =
  'claim' | 'succeed' | 'retry' | 'release' | 'fire' | 'die' | 'expire' | 'cancel' | 'change' | 'revive';

const TRANSITIONS: Readonly<Record<State, Readonly<Partial<Record<LifeEvent, State>>>>> = {
  waiting: { claim: 'running', expire: 'expired', cancel: 'cancelled', change: 'waiting' },
  running: {
    succeed: 'done',
    retry: 'waiting',
    release: 'waiting',
    fire: 'waiting',
    die: 'dead',
    expire: 'expired',
  },
  done: {},
  dead: { revive: 'waiting' },
  expired: {},
  cancelled: {},
};

/** The state that an event leads to; `undefined` where it cannot happen in this state. */
export function step(state: State, event: LifeEvent): State | undefined {
  return TRANSITIONS[state][event];
}

/** True for a state that nothing but a revival leads out of. */
export function isEnded(state: State): boolean {
  return state !== 'waiting' && state !== 'running';
}

/** The number that stands for a state in a store; it never changes. */
export function stateNumber(state: State): number {
  return STATES.indexOf(state);
}

/** The state that a number in a store stands for. */
export function stateOf(number: number): State {
  return STATES[number] ?? 'dead';
}

/**
 * What people are told: a request that waits is `scheduled` until its time, `retrying` between two attempts, else
 * `due`.
 */
export const PHASES = [
  'scheduled',
  'due',
  'retrying',
  'running',
  'done',
  'dead',
  'expired',
  'cancelled',
] as const;
export type Phase = (typeof PHASES)[number];

/** Those of {@link PHASES} that are one state in a store. */
export type WaitingPhase = Exclude<Phase, State>;
export const WAITING_PHASES = ['scheduled', 'due', 'retrying'] as const satisfies readonly WaitingPhase[];

/** True where a request waits in one of these phases, and the phase tells more than its state. */
export function isWaitingPhase(phase: State | WaitingPhase | undefined): phase is WaitingPhase {
  return phase === 'scheduled' || phase === 'due' || phase === 'retrying';
}

/** What people are told of a request's state at `now`, in ms. */
export function phaseOf(request: { state: State; dueAt: number; attempts: number }, now: number): Phase {
  if (request.state !== 'waiting') return request.state;
  if (request.attempts > 0) return 'retrying';
  return request.dueAt > now ? 'scheduled' : 'due';
}
