import type { Client, RequestOptions } from '@majordomo/client';
import {
  isMajordomoError,
  MessageTooLargeError,
  MMI_STATUS,
  type Body,
  type MajordomoError,
} from '@majordomo/protocol';
import { packedBytes, packFrames, unpackFrames } from '../core/frames';
import type { Failure } from '../core/judge';
import { isStorable } from '../core/storable';
import type { Rules, Terms } from '../core/terms';
import { PROGRESS_BYTES_MAX, type Claimed } from '../store/store';

/** What a delivery led to. */
export type Delivered =
  { readonly reply: Uint8Array; readonly replyType: string | undefined } | { readonly failure: Failure };

/** One delivery. */
export interface DeliveryOrder {
  readonly claimed: Claimed;
  readonly terms: Terms;
  readonly rules: Rules;
  readonly now: number;
  /** The trace that the worker is told. */
  readonly traceparent: string | undefined;
  readonly replyBytesMax: number;
  readonly replyFramesMax: number;
  /** Withdraws it. */
  readonly signal: AbortSignal;
  /** Takes the latest PARTIAL. */
  readonly progress: (packed: Uint8Array) => void;
}

/** How long to wait for the broker to say who serves, in ms. */
const MMI_TIMEOUT_MS = 1_000;

/** Delivers one request, once: whether it is sent again, its outcome decides. Never rejects. */
export async function deliver(client: Client, order: DeliveryOrder): Promise<Delivered> {
  try {
    return order.terms.progress ? await streamed(client, order) : await requested(client, order);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code !== 'TIMEOUT') return { failure };
    return { failure: { ...failure, absent: await isAbsent(client, order.claimed.service) } };
  }
}

/** The deadline is known to broker and worker, and PARTIALs are gathered into the reply. */
async function requested(client: Client, order: DeliveryOrder): Promise<Delivered> {
  const { claimed } = order;
  const reply = await client.request(claimed.service, unpackFrames(claimed.body), optionsOf(order));
  return toReply(reply, reply.metadata?.contentType, order);
}

/** PARTIALs are progress, the FINAL is the reply. */
async function streamed(client: Client, order: DeliveryOrder): Promise<Delivered> {
  const { claimed, progress } = order;
  for await (const message of client.stream(claimed.service, unpackFrames(claimed.body), optionsOf(order))) {
    const { frames } = message.body;
    if (message.kind === 'final') return toReply(message.body, message.metadata.contentType, order);
    if (packedBytes(frames) <= PROGRESS_BYTES_MAX) progress(packFrames(frames));
  }
  throw new Error(`The stream of ${claimed.service} ended without a reply.`);
}

/** @throws MessageTooLargeError where it is more than is kept, or than an answer of ours could hold */
function toReply({ frames }: Body, replyType: string | undefined, order: DeliveryOrder): Delivered {
  const { replyBytesMax, replyFramesMax } = order;
  const bytes = packedBytes(frames);
  const fault =
    bytes > replyBytesMax
      ? `${bytes} bytes, at most ${replyBytesMax} are kept (bodyBytesMax)`
      : frames.length > replyFramesMax
        ? `${frames.length} frames, at most ${replyFramesMax} are kept (limits.framesMax, less those of an answer)`
        : undefined;
  if (fault) throw new MessageTooLargeError(`The reply is ${fault}. The work was done.`);
  // What a worker says its reply is must not keep the reply from being stored.
  const isKept = replyType !== undefined && isStorable(replyType);
  return { reply: packFrames(frames), replyType: isKept ? replyType : undefined };
}

function optionsOf({ claimed, terms, rules, now, traceparent, signal }: DeliveryOrder): RequestOptions {
  const timeoutMs = Math.max(1, Math.min(rules.timeoutMs, (claimed.expiresAt ?? Infinity) - now));
  return {
    timeoutMs,
    retries: 0,
    idempotent: false,
    failFast: true,
    priority: claimed.priority,
    contentType: terms.contentType,
    traceparent,
    signal,
  };
}

/** A plain broker that has no worker for a service keeps silent; this asks it. */
async function isAbsent(client: Client, service: string): Promise<boolean> {
  try {
    const reply = await client.request('mmi.service', service, { timeoutMs: MMI_TIMEOUT_MS, retries: 0 });
    return reply.text() === MMI_STATUS.notFound;
  } catch {
    return false;
  }
}

function failureOf(error: unknown): Failure {
  if (!isMajordomoError(error)) return { code: 'FAILED', message: String(error), retryable: true };
  const { code, message, retryable } = error;
  const { workerCode } = error as MajordomoError & { workerCode?: string };
  return { code, message: message.slice(0, MESSAGE_MAX), retryable, workerCode };
}

/** Characters of an error's text that are kept. */
const MESSAGE_MAX = 2_000;
