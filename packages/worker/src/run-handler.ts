import { BodySize, toFrames, type BodyInput, type Frame, type Limits } from '@majordomo/protocol';
import type { Handler, HandlerContext, WorkerRequest } from './handler';

/** How the result of a handler may leave. */
export interface ReplyRules {
  readonly limits: Limits;
  /**
   * Sends one reply before the last and resolves once there is room for more. Not there where the dialect
   * has no PARTIAL: all replies are then gathered into the last.
   */
  readonly partial?: (body: readonly Frame[]) => Promise<void>;
}

/**
 * Calls a handler and returns the frames of its final reply, having sent those before it.
 * Rejects with what the handler threw, and where its result is not a body or beyond the limits. Once the
 * signal fires, no more is asked of a generator and it is told to `return`; what comes of it is of no use.
 */
export async function runHandler(
  handler: Handler,
  request: WorkerRequest,
  context: HandlerContext,
  rules: ReplyRules,
): Promise<readonly Frame[]> {
  const result = await handler(request, context);
  if (isAsyncIterable(result)) return drainStream(result, context.signal, rules);
  return sized(result, rules.limits);
}

async function drainStream(
  stream: AsyncIterable<BodyInput, BodyInput | void>,
  signal: AbortSignal,
  { limits, partial }: ReplyRules,
): Promise<readonly Frame[]> {
  const gathered: Frame[] = [];
  const size = new BodySize(limits, 'A reply');
  const iterator = stream[Symbol.asyncIterator]();
  const stop = async (): Promise<void> => {
    try {
      await iterator.return?.();
    } catch {
      // Nobody waits for the stream any more: what goes wrong in its clean-up is of no use to anyone.
    }
  };
  const onAbort = (): void => void stop();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      if (signal.aborted) await stop();
      signal.throwIfAborted();
      const step = await iterator.next();
      if (step.done) return lastFrames(step.value ?? undefined, gathered, size, limits);
      try {
        if (partial) await partial(sized(step.value, limits));
        else gathered.push(...gather(step.value, size));
      } catch (error) {
        await stop();
        throw error;
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The final reply: what was gathered, then what was returned; one empty frame where that is nothing. */
function lastFrames(
  returned: BodyInput,
  gathered: Frame[],
  size: BodySize,
  limits: Limits,
): readonly Frame[] {
  if (gathered.length === 0) return sized(returned, limits);
  if (returned === undefined) return gathered;
  return [...gathered, ...gather(returned, size)];
}

function gather(body: BodyInput, size: BodySize): readonly Frame[] {
  const frames = toFrames(body);
  size.add(frames);
  return frames;
}

function sized(body: BodyInput, limits: Limits): readonly Frame[] {
  return gather(body, new BodySize(limits, 'A reply'));
}

function isAsyncIterable(value: unknown): value is AsyncIterable<BodyInput> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
