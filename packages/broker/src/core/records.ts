import type { Dialect, Frame } from '@majordomo/protocol';
import type { FairQueue } from './fair-queue';
import type { LinkedList, ListNode } from './linked-list';

/** Names a peer: its routing id, one character per byte. */
export type PeerId = string;

/** A peer that has requests under way. */
export interface ClientRecord {
  readonly peer: PeerId;
  readonly requests: Set<RequestRecord>;
}

/**
 * One request from its arrival to its one end.
 *
 * - `queued`: waits for a worker. → `held` when it is dispatched; → `ended` when it expires or its client goes.
 * - `held`: a worker has it. → `ended` on the final reply, when its client goes, or when its worker is lost
 *   and its attempts are used up; → `queued` when its worker is lost before that.
 * - `ended`: its client has been answered, told, or is gone. A worker may still hold the reference; what it
 *   answers is dropped and frees the worker.
 */
export interface RequestRecord {
  readonly client: ClientRecord;
  readonly service: ServiceRecord;
  /** The dialect it came in, and its replies go out in. */
  readonly dialect: Dialect;
  readonly body: readonly Frame[];
  /** What it counts for in the bounds: its body, and what holding it takes beside that. */
  readonly bytes: number;
  readonly queuedAt: number;
  state: 'queued' | 'held' | 'ended';
  /** How many workers have been given it. */
  attempts: number;
  /** PARTIALs kept for a client whose dialect has none, in order. */
  gathered: Frame[];
  gatheredBytes: number;
}

/** A service: who serves it and who waits for it. It exists while there is either. */
export interface ServiceRecord {
  readonly name: string;
  readonly queue: FairQueue<RequestRecord>;
  readonly workers: Set<WorkerRecord>;
  /** Workers with credit left, least recently used first. */
  readonly ready: LinkedList<WorkerRecord>;
  /** Since when it has had no worker, in ms. */
  unservedSince: number;
}

/** A worker's session: it begins with READY and ends with whatever comes first. */
export interface WorkerRecord {
  readonly peer: PeerId;
  /** Pinned by READY: a worker that changes its dialect in mid-session is wrong about the protocol. */
  readonly dialect: Dialect;
  readonly service: ServiceRecord;
  readonly credit: number;
  /** What it was given and has not answered, by reference. */
  readonly held: Map<string, RequestRecord>;
  readonly registeredAt: number;
  /** When it last said anything. */
  lastSeenAt: number;
  /** From when its silence is counted: later than `lastSeenAt` where a request has excused it since. */
  watchedSince: number;
  /** When it was last sent anything. */
  lastSentAt: number;
  /** When it was last given a request. */
  dispatchedAt: number;
  /** True once it has sent a heartbeat while it worked: from then on its silence means something. */
  heartbeatsWhileBusy: boolean;
  /** Its place among its service's workers with credit. */
  readyNode: ListNode<WorkerRecord> | undefined;
}

/** Why a peer can be reached no more. */
export type PeerGoneReason = 'connection_closed' | 'stalled';

/** Why a worker's session ended. */
export type WorkerLostReason =
  | PeerGoneReason
  | 'disconnected'
  | 'silent'
  | 'job_deadline'
  | 'protocol_error'
  | 'invalid_message'
  | 'broker_closing';
