import { Body, BodySize, toFrames, type Frame } from '@majordomo/protocol';
import type { WorkerRequest } from './handler';
import { runHandler } from './run-handler';
import type { Shared } from './shared';

/** One request of a broker, and the ways to end it. */
export interface JobAtHand {
  readonly broker: string;
  readonly body: readonly Frame[];
  /** Fires once nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** Sends one reply before the last and resolves once there is room; not there without PARTIAL. */
  readonly partial?: (body: readonly Frame[]) => Promise<void>;
  /** Sends the last reply; false where it came too late. */
  finish(body: readonly Frame[]): boolean;
  /** Has the broker try another worker. */
  giveBack(): void;
}

/** Waits for a place, runs the handler and ends the job one way or the other. Never rejects. */
export async function serveJob(shared: Shared, job: JobAtHand): Promise<void> {
  const { counters, slots } = shared;
  counters.requests++;
  if (!(await slots.acquire(job.signal))) {
    counters.dropped++;
    return;
  }
  counters.running++;
  try {
    if (job.signal.aborted) counters.dropped++;
    else await answer(shared, job);
  } finally {
    counters.running--;
    slots.release();
  }
}

async function answer(shared: Shared, job: JobAtHand): Promise<void> {
  const { counters, handler, options, service } = shared;
  const { broker, signal } = job;
  const request: WorkerRequest = { service, body: new Body(job.body) };
  let final: readonly Frame[];
  try {
    const rules = { limits: options.limits, ...(job.partial && { partial: job.partial }) };
    final = await runHandler(handler, request, { signal, broker }, rules);
  } catch (error) {
    if (signal.aborted) drop(shared, job);
    else fail(shared, job, request, error);
    return;
  }
  if (job.finish(final)) counters.handled++;
  else drop(shared, job);
}

function drop({ counters, options, service }: Shared, { broker, signal }: JobAtHand): void {
  counters.dropped++;
  options.logger.debug({ service, broker, err: signal.reason }, 'the result of a request came too late');
}

/** MDP has no way to say that a request failed: the hook puts it into a reply, or another worker gets to try. */
function fail(shared: Shared, job: JobAtHand, request: WorkerRequest, error: unknown): void {
  const { counters, events, options, service } = shared;
  const { broker } = job;
  const reply = encodeFailure(shared, request, error);
  if (reply) job.finish(reply);
  else job.giveBack();
  counters.failed++;
  const outcome = reply ? 'answered with the encoded error' : 'given back to the broker without a reply';
  options.logger.error({ service, broker, err: error }, `a request failed: ${outcome}`);
  events.emit('requestFailed', { broker, error });
}

function encodeFailure(
  { options, service }: Shared,
  request: WorkerRequest,
  error: unknown,
): readonly Frame[] | undefined {
  try {
    const body = options.encodeError?.(error, request);
    if (body === undefined) return undefined;
    const frames = toFrames(body);
    new BodySize(options.limits, 'A reply').add(frames);
    return frames;
  } catch (err) {
    options.logger.error({ service, err }, 'encodeError failed itself: its request gets no reply');
    return undefined;
  }
}
