import {
  IdMap,
  type Body,
  type Challenge,
  type Dialect,
  type Frame,
  type Limits,
  type Metadata,
  type Ref,
} from '@majordomo/protocol';
import type { Identity } from './access/authority';
import type { Meter } from './access/meter';
import type { FairQueue, Place } from './fair-queue';
import { ListNode, type LinkedList } from './linked-list';
import type { ServiceMeter } from './meters';
import type { Batch } from './retention';
import type { Timed } from './timer-wheel';

/** Names a peer: the mark of its router, where there are several, and its routing id, one character per byte. */
export type PeerId = string;

/** The ids that the broker gives stay small integers, which cost less than other numbers. */
export const ID_MAX = 2 ** 31 - 1;

/**
 * A client. A plain one exists while it has requests under way, and a moment longer; a packed one from HELLO to the end
 * of its session.
 */
export class ClientRecord {
  /** What has not ended, by request id; of a plain client by numbers that mean nothing to it. */
  readonly requests: IdMap<RequestRecord>;
  /** Stands for it where it is remembered for longer than it is there. */
  readonly lane: object = {};
  /** Its place among plain clients without requests. */
  readonly idleNode = new ListNode<ClientRecord>(this);
  /** When it last said anything, and when a packed client was last sent a heartbeat. */
  lastSeenAt: number;
  lastBeatAt: number;
  /** Services that a packed client may give numbers to. */
  internedMax = 0;
  /** Its places in the order of the times above; see `Clients`. */
  seenNode: ListNode<ClientRecord> | undefined = undefined;
  beatNode: ListNode<ClientRecord> | undefined = undefined;
  /** Who it is, where there is a policy; `undefined` for plain ones, and before the proof. */
  identity: Identity | undefined = undefined;
  /** What it has been asked to prove its key with, until it has. */
  challenge: Challenge | undefined = undefined;
  /** What it has used of its limits, where those are its own. */
  meter: Meter | undefined = undefined;

  /**
   * @param session - what a packed client speaks through; `undefined` for a plain one
   * @param spoken - the dialect of what it first said
   * @param seed - of the table of its ids, which it chooses itself
   */
  constructor(
    readonly peer: PeerId,
    readonly session: Dialect | undefined,
    readonly spoken: Dialect,
    now: number,
    seed: number,
  ) {
    this.requests = new IdMap(seed);
    this.lastSeenAt = now;
    this.lastBeatAt = now;
  }
}

/** What is kept of the PARTIALs of a request that cannot be sent on at once. */
export interface Stream {
  /** For a client whose dialect has none: to be sent with the FINAL, as one reply. */
  readonly gathered: Frame[];
  gatheredBytes: number;
  /** For a packed client that is behind, from a worker that nobody can pause. */
  readonly held: { readonly body: Body; readonly metadata: Metadata }[];
  heldBytes: number;
  /** The FINAL that came after those held. */
  final: { readonly body: Body; readonly metadata: Metadata } | undefined;
}

/**
 * One request from its arrival to its one end.
 *
 * - `queued`: waits for a worker. → `held` when it is dispatched; → `ended` when it expires, is cancelled or its
 *   client goes.
 * - `held`: a worker has it. → `ended` on the final reply or failure, when its client cancels it or goes, or when its
 *   worker is lost and its attempts are used up, or part of its reply is with its client; → `queued` when its worker is
 *   lost before that; → `answered` when the final reply came behind PARTIALs that its client has not made room for.
 * - `answered`: no worker has it; what is left of its reply waits for the client's window. → `ended`.
 * - `ended`: its client has been answered, told, or is gone. A worker may still hold the reference; what it
 *   answers is dropped and frees the worker.
 */
export class RequestRecord implements Timed {
  state: 'queued' | 'held' | 'answered' | 'ended' = 'queued';
  /** How many workers have been given it. */
  attempts = 0;
  /** When it was last given to a worker, in ms. */
  dispatchedAt = 0;
  /** The worker that has it, and under which reference, while it is `held`. */
  worker: WorkerRecord | undefined = undefined;
  ref: Ref = 0;
  stream: Stream | undefined = undefined;
  /** True once its client has been sent part of its reply: another worker's would not fit behind it. */
  begun = false;
  /** Where it stands while it is `queued`. */
  place: Place<RequestRecord> | undefined = undefined;
  timer: ListNode<Timed> | undefined = undefined;
  /** Where it counts as pending. */
  meter: Meter | undefined = undefined;

  /**
   * @param id - the client's number for it
   * @param dialect - what it came in, and its replies go out in
   * @param bytes - what it counts for in the bounds: its body and attributes, and what holding them takes beside that
   * @param dueAt - when its time is up, in ms; `Infinity` where it has no deadline
   * @param window - PARTIALs that may still be sent to its client
   * @param batch - the message whose memory its body keeps alive
   */
  constructor(
    readonly client: ClientRecord,
    readonly id: number,
    readonly service: ServiceRecord,
    readonly dialect: Dialect,
    public body: Body,
    public metadata: Metadata,
    readonly bytes: number,
    readonly queuedAt: number,
    readonly dueAt: number,
    readonly priority: number,
    public window: number,
    public batch: Batch | undefined,
  ) {}
}

/** A service: who serves it and who waits for it. It exists while there is either. */
export interface ServiceRecord extends Timed {
  readonly name: string;
  readonly queue: FairQueue<RequestRecord>;
  readonly workers: Set<WorkerRecord>;
  /** Workers with credit left, least recently used first. */
  readonly ready: LinkedList<WorkerRecord>;
  /** Since when it has had no worker, in ms. */
  unservedSince: number;
  /** True where there may be something to dispatch once all that came together has been heard. */
  dirty: boolean;
  /** What is measured of it; `undefined` where nothing is. */
  meter: ServiceMeter | undefined;
  /** When the oldest of its requests may have waited too long, in ms, while it has no worker; see `Services`. */
  dueAt: number;
}

/** A worker's session: it begins with READY and ends with whatever comes first. */
export class WorkerRecord {
  /** What it was given and has not answered, by the number of its reference. */
  readonly held = new IdMap<RequestRecord>();
  /** When it last said anything. */
  lastSeenAt: number;
  /** From when its silence is counted: later than `lastSeenAt` where a request has excused it since. */
  watchedSince: number;
  /** When it was last sent anything. */
  lastSentAt: number;
  /** When it was last given a request. */
  dispatchedAt: number;
  /**
   * True once it has sent a heartbeat while it worked, and for packed workers, which have to: then its silence means
   * something at work too.
   */
  heartbeatsWhileBusy: boolean;
  /** True once it has asked for no more. */
  draining = false;
  /** What a body that it is given may hold, where it has said so and the broker would let in more. */
  limits: Limits | undefined = undefined;
  /** The number of the last reference that a packed worker was given. */
  lastRef = 0;
  /** Who it is, where there is a policy. */
  identity: Identity | undefined = undefined;
  /** Its place among its service's workers with credit. */
  readonly readyNode: ListNode<WorkerRecord>;
  /** Its places in the lists of `Liveness`. */
  readonly watchNode: ListNode<WorkerRecord>;
  readonly beatNode: ListNode<WorkerRecord>;

  /**
   * @param dialect - pinned by READY: a worker that changes it in mid-session is wrong about the protocol
   * @param credit - how many requests it takes at once
   */
  constructor(
    readonly peer: PeerId,
    readonly dialect: Dialect,
    readonly service: ServiceRecord,
    public credit: number,
    readonly registeredAt: number,
  ) {
    this.lastSeenAt = registeredAt;
    this.watchedSince = registeredAt;
    this.lastSentAt = registeredAt;
    this.dispatchedAt = registeredAt;
    this.heartbeatsWhileBusy = dialect.packed;
    this.readyNode = new ListNode<WorkerRecord>(this);
    this.watchNode = new ListNode<WorkerRecord>(this);
    this.beatNode = new ListNode<WorkerRecord>(this);
  }
}

/** Why a peer can be reached no more. */
export type PeerGoneReason = 'connection_closed' | 'stalled';

/** Why a worker's session ended. */
export const WORKER_LOST_REASONS = [
  'connection_closed',
  'stalled',
  'disconnected',
  'silent',
  'job_deadline',
  'protocol_error',
  'invalid_message',
  'unauthorized',
  'broker_closing',
] as const;

export type WorkerLostReason = (typeof WORKER_LOST_REASONS)[number];
