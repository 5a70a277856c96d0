import type { Client } from '@majordomo/client';
import { isMajordomoError, type ErrorCode } from '@majordomo/protocol';
import { build } from 'hdr-histogram-js';
import type { Call } from './send-one';
import { saysFailure } from './status';

/** How many requests, and how many of them at once. */
export interface Load {
  readonly count: number;
  readonly concurrency: number;
}

/** An error of the client, or the service's own word that it could not. */
export type FailureReason = ErrorCode | 'SERVICE_FAILURE';

/** How a series of requests went. Latencies are those of answered requests. */
export interface LoadResult {
  readonly requests: number;
  readonly answered: number;
  readonly failed: number;
  /** How many failed for which reason. */
  readonly failures: Readonly<Partial<Record<FailureReason, number>>>;
  readonly elapsedMs: number;
  /** Answered ones. */
  readonly requestsPerSecond: number;
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number>>;
}

const MICROSECONDS_PER_MS = 1_000;
const LATENCY_DIGITS = 3;

/** Sends the same request many times; one that fails is counted and the others go on. */
export async function sendMany(
  client: Client,
  call: Call,
  { count, concurrency }: Load,
  onSettled: (settled: number) => void,
): Promise<LoadResult> {
  const latencies = build({ numberOfSignificantValueDigits: LATENCY_DIGITS });
  const failures: Partial<Record<FailureReason, number>> = {};
  let sent = 0;
  let settled = 0;
  const lane = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      const sentAt = performance.now();
      const failure = await failureOf(client, call);
      if (failure) failures[failure] = (failures[failure] ?? 0) + 1;
      else latencies.recordValue(Math.max(1, Math.round((performance.now() - sentAt) * MICROSECONDS_PER_MS)));
      settled += 1;
      onSettled(settled);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, lane));
  const elapsedMs = performance.now() - startedAt;
  const answered = latencies.totalCount;
  const max = latencies.maxValue;
  // The histogram answers with the upper end of a bucket, which may lie beyond the largest value.
  const percentile = (p: number): number =>
    Math.min(max, latencies.getValueAtPercentile(p)) / MICROSECONDS_PER_MS;
  return {
    requests: count,
    answered,
    failed: count - answered,
    failures,
    elapsedMs: Math.round(elapsedMs),
    requestsPerSecond: Math.round((answered / elapsedMs) * 1_000),
    latencyMs: {
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
      'p99.9': percentile(99.9),
      max: max / MICROSECONDS_PER_MS,
    },
  };
}

/** Sends one request; says what went wrong, if anything did. */
async function failureOf(
  client: Client,
  { service, body, ...options }: Call,
): Promise<FailureReason | undefined> {
  try {
    return saysFailure(service, await client.request(service, body, options)) ? 'SERVICE_FAILURE' : undefined;
  } catch (error) {
    if (isMajordomoError(error)) return error.code;
    throw error;
  }
}
