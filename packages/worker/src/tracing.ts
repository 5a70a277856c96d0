import {
  contextIn,
  fromTraceparent,
  isMajordomoError,
  messagingAttributes,
  ServiceError,
  type MajordomoError,
  type Span,
  type TracingApi,
} from '@majordomo/protocol';
import { version } from '../package.json';
import { messageOf } from './failures';
import type { IncomingRequest } from './handler';

const MICROS_PER_MS = 1_000;

/** One request in its trace: a span from the call of the handler to its end, active while the handler runs. */
export class TracedJob {
  /** @param context - the one with the span in it; its type is the module's own */
  constructor(
    private readonly api: TracingApi,
    private readonly span: Span,
    private readonly context: never,
  ) {}

  /** Runs something of the handler's as part of the span. */
  run<Result>(run: () => Result): Result {
    return this.api.context.with(this.context, run);
  }

  /** The same for everything that a generator does. */
  wrap<Item, Last>(items: AsyncIterable<Item, Last>): AsyncIterable<Item, Last> {
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = this.run(() => items[Symbol.asyncIterator]());
        const stop = iterator.return?.bind(iterator);
        return {
          next: () => this.run(() => iterator.next()),
          ...(stop ? { return: (value) => this.run(() => stop(value)) } : {}),
        };
      },
    };
  }

  failed(error: unknown): void {
    const { span } = this;
    const known = error instanceof Error ? error : new Error(messageOf(error));
    span.recordException(known);
    span.setAttribute('error.type', error instanceof ServiceError ? error.code : known.name);
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: known.message });
  }

  /** Nobody wants the result any more. */
  dropped(reason: MajordomoError): void {
    this.span.addEvent('result dropped', { 'majordomo.reason': reason.code });
    if (isMajordomoError(reason)) this.span.setAttribute('error.type', reason.code);
  }

  end(): void {
    this.span.end();
  }
}

/** Makes a span for each request, of kind CONSUMER and a child of the client's, by the semantic conventions for messaging. */
export class Tracing {
  readonly #tracer;

  constructor(private readonly api: TracingApi) {
    this.#tracer = api.trace.getTracer('@majordomo/worker', version);
  }

  begin(request: IncomingRequest, broker: string): TracedJob {
    const { api } = this;
    const { service, body, attempt, priority, traceparent, waitedMicros } = request;
    const attributes = {
      ...messagingAttributes('process', service, body.byteLength),
      ...addressOf(broker),
      'majordomo.attempt': attempt,
      'majordomo.priority': priority,
      ...(waitedMicros === undefined ? {} : { 'majordomo.queue_time_ms': waitedMicros / MICROS_PER_MS }),
    };
    const parent = contextIn(api, fromTraceparent(traceparent), api.ROOT_CONTEXT);
    const span = this.#tracer.startSpan(
      `process ${service}`,
      { kind: api.SpanKind.CONSUMER, attributes },
      parent as never,
    );
    return new TracedJob(api, span, api.trace.setSpan(parent as never, span as never) as never);
  }
}

/** The broker as the conventions have it. */
function addressOf(broker: string): Record<string, string | number> {
  const [, host, port] = /^tcp:\/\/\[?(.+?)\]?:(\d+)$/.exec(broker) ?? [];
  return host === undefined
    ? { 'server.address': broker }
    : { 'server.address': host, 'server.port': Number(port) };
}
