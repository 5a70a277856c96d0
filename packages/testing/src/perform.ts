import { ServiceError, type BodyInput } from '@majordomo/protocol';
import type { HandlerContext } from '@majordomo/worker';
import { setTimeout as pause } from 'node:timers/promises';
import type { Step } from './script';
import { untilAborted, type SeenRequest } from './seen-request';
import { until } from './wait';

/** Where a step is performed. */
export interface Stage {
  readonly request: SeenRequest;
  readonly context: HandlerContext;
  /** PARTIALs that the broker has taken so far, of all workers. */
  partials(): number;
  die(): Promise<void>;
  disconnect(): void;
}

/** How long the broker may take to have the PARTIALs before a stream breaks off, in ms. */
const PARTIALS_MS = 30_000;

/**
 * Performs a step as the handler of a request: what it yields are PARTIALs, what it returns is the FINAL. It ends when
 * the request does.
 * @throws ServiceError where that is the step, and what the request was given up for
 */
export async function* perform(step: Step, stage: Stage): AsyncGenerator<BodyInput, BodyInput | void> {
  const { request, context } = stage;
  switch (step.does) {
    case 'reply':
      context.replyContentType = step.contentType;
      return step.body;
    case 'fail':
      throw new ServiceError(step.code, step.message, { retryable: step.retryable });
    case 'stream': {
      const before = stage.partials();
      let sent = 0;
      for await (const partial of step.partials) {
        yield partial;
        sent++;
      }
      if (breaksOff(step.last)) {
        const arrived = (): boolean => stage.partials() >= before + sent || request.signal.aborted;
        await until(arrived, { timeoutMs: PARTIALS_MS, everyMs: 1, what: 'the broker to take the PARTIALs' });
      }
      return yield* perform(step.last, stage);
    }
    case 'delay':
      await pause(step.delayMs, undefined, { signal: request.signal });
      return yield* perform(step.then, stage);
    case 'hold':
      return yield* perform(await Promise.race([request.held, forever(request)]), stage);
    case 'drop':
      return await forever(request);
    case 'die':
      return await stage.die();
    case 'disconnect':
      stage.disconnect();
      return await forever(request);
  }
}

/** Rejects once nobody wants the answer any more. */
async function forever({ signal }: SeenRequest): Promise<never> {
  throw await untilAborted(signal);
}

function breaksOff(step: Step): boolean {
  if (step.does === 'delay') return breaksOff(step.then);
  return step.does === 'die' || step.does === 'disconnect';
}
