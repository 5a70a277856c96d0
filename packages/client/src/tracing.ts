import {
  contextIn,
  fromTraceparent,
  isMajordomoError,
  messagingAttributes,
  toTraceparent,
  type Body,
  type MajordomoError,
  type Metadata,
  type Span,
  type TracingApi,
} from '@majordomo/protocol';
import { version } from '../package.json';
import type { Caller } from './core/call';

/** One call in its trace: a span from the call to its end. */
export class TracedCall implements Caller {
  /** What tells the worker which span it works for; `undefined` where nothing traces. */
  readonly traceparent: string | undefined;
  #partials = 0;

  constructor(
    private readonly caller: Caller,
    private readonly span: Span,
    private readonly error: number,
  ) {
    this.traceparent = toTraceparent(span.spanContext());
  }

  partial(body: Body, metadata: Metadata): boolean {
    if (this.#partials++ === 0) this.span.addEvent('first partial');
    return this.caller.partial(body, metadata);
  }

  replied(body: Body, metadata: Metadata): void {
    if (this.#partials > 0) this.span.setAttribute('majordomo.partials', this.#partials);
    this.span.end();
    this.caller.replied(body, metadata);
  }

  failed(error: MajordomoError): void {
    this.refused(error);
    this.caller.failed(error);
  }

  /** It ends without a reply, or was not taken. */
  refused(error: unknown): void {
    const { span } = this;
    const message = error instanceof Error ? error.message : String(error);
    span.setAttribute('error.type', isMajordomoError(error) ? error.code : '_OTHER');
    // Who gives up of its own will has not failed.
    if (!isMajordomoError(error, 'ABORTED')) span.setStatus({ code: this.error, message });
    span.end();
  }
}

/** Makes a span for each call, of kind CLIENT, by the semantic conventions for messaging. */
export class Tracing {
  readonly #tracer;

  constructor(private readonly api: TracingApi) {
    this.#tracer = api.trace.getTracer('@majordomo/client', version);
  }

  /** @param traceparent - the trace that the caller says the request belongs to; else that of the active span */
  begin(service: string, bodyBytes: number, traceparent: string | undefined, caller: Caller): TracedCall {
    const { api } = this;
    const context = contextIn(api, fromTraceparent(traceparent), api.context.active());
    const attributes = messagingAttributes('request', service, bodyBytes);
    const span = this.#tracer.startSpan(
      `request ${service}`,
      { kind: api.SpanKind.CLIENT, attributes },
      context as never,
    );
    return new TracedCall(caller, span, api.SpanStatusCode.ERROR);
  }
}
