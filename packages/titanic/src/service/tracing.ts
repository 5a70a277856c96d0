import {
  contextIn,
  fromTraceparent,
  messagingAttributes,
  toTraceparent,
  type Span,
  type TracingApi,
} from '@majordomo/protocol';
import { version } from '../../package.json';
import type { Failure } from '../core/judge';
import type { Terms } from '../core/terms';
import type { Claimed, Settlement } from '../store/store';

/** One delivery in the trace of its submitter: a span from the claim to its outcome on disk. */
export class TracedDelivery {
  /** What tells the worker which span it works for; `undefined` where nothing traces. */
  readonly traceparent: string | undefined;

  constructor(
    private readonly span: Span,
    private readonly error: number,
  ) {
    this.traceparent = toTraceparent(span.spanContext());
  }

  failed({ code, workerCode, message }: Failure): void {
    this.span.setAttribute('error.type', workerCode ?? code);
    this.span.setStatus({ code: this.error, message });
  }

  /** What becomes of the request is on disk, or nobody wants to know. */
  end(outcome: Settlement['outcome'] | undefined): void {
    if (outcome) this.span.setAttribute('majordomo.outcome', outcome);
    this.span.end();
  }
}

/**
 * Makes a span for each delivery, of kind CLIENT, by the semantic conventions for messaging: a child of the span that
 * submitted the request. What a schedule makes is a trace of its own, for there may be no end to it, with a link to
 * who submitted the schedule.
 */
export class Tracing {
  readonly #tracer;

  constructor(private readonly api: TracingApi) {
    this.#tracer = api.trace.getTracer('@majordomo/titanic', version);
  }

  begin(claimed: Claimed, terms: Terms, now: number): TracedDelivery {
    const { api } = this;
    const { id, service, body, attempts, priority, dueAt } = claimed;
    const submitter = fromTraceparent(terms.traceparent);
    const isOccurrence = terms.schedule !== undefined;
    const attributes = {
      ...messagingAttributes('request', service, body.length),
      'messaging.operation.name': 'deliver',
      'messaging.message.id': id,
      'majordomo.attempt': attempts,
      'majordomo.priority': priority,
      'majordomo.lateness_ms': Math.max(0, now - dueAt),
      ...(terms.schedule === undefined ? {} : { 'majordomo.schedule': terms.schedule }),
    };
    const links = isOccurrence && submitter ? [{ context: submitter }] : [];
    const parent = contextIn(api, isOccurrence ? undefined : submitter, api.ROOT_CONTEXT);
    const span = this.#tracer.startSpan(
      `deliver ${service}`,
      { kind: api.SpanKind.CLIENT, attributes, links },
      parent as never,
    );
    return new TracedDelivery(span, api.SpanStatusCode.ERROR);
  }
}
