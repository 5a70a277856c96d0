import { z } from 'zod';

/** Where a span stands in its trace. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
}

/** A span of OpenTelemetry, as far as it is used here. */
export interface Span {
  spanContext(): SpanContext;
  setAttribute(name: string, value: string | number | boolean): unknown;
  addEvent(name: string, attributes?: Record<string, string | number | boolean>): unknown;
  recordException(exception: Error): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/**
 * What is used of `@opentelemetry/api`: the module itself fits. Declared here, so that whoever traces nothing needs
 * neither the module nor its types.
 */
export interface TracingApi {
  readonly ROOT_CONTEXT: object;
  readonly SpanKind: { readonly CLIENT: number; readonly CONSUMER: number };
  readonly SpanStatusCode: { readonly ERROR: number };
  readonly context: {
    active(): object;
    with<Result>(context: never, run: () => Result): Result;
  };
  readonly trace: {
    getTracer(
      name: string,
      version?: string,
    ): { startSpan(name: string, options?: object, context?: never): Span };
    setSpan(context: never, span: never): object;
    setSpanContext(context: never, spanContext: SpanContext): object;
  };
}

function isTracingApi(value: unknown): value is TracingApi {
  if (typeof value !== 'object' || value === null) return false;
  const { trace, context, SpanKind, SpanStatusCode, ROOT_CONTEXT } = value as Partial<TracingApi>;
  return (
    typeof trace?.getTracer === 'function' &&
    typeof context?.with === 'function' &&
    typeof SpanKind?.CLIENT === 'number' &&
    typeof SpanStatusCode?.ERROR === 'number' &&
    ROOT_CONTEXT !== undefined
  );
}

/** OpenTelemetry as an option. */
export const tracingSchema = z
  .custom<TracingApi>(isTracingApi, 'should be the module @opentelemetry/api')
  .optional();

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;
const NO_TRACE = '0'.repeat(32);

/** A place in a trace as W3C Trace Context writes it; `undefined` for none, as where nothing is set up to trace. */
export function toTraceparent({ traceId, spanId, traceFlags }: SpanContext): string | undefined {
  if (traceId === NO_TRACE) return undefined;
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** The place in a trace that a traceparent names; `undefined` where it names none. */
export function fromTraceparent(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined || traceId === NO_TRACE)
    return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** The attributes that all spans of messages have, by the semantic conventions for messaging. */
export function messagingAttributes(
  operation: 'request' | 'process',
  service: string,
  bodyBytes: number,
): Record<string, string | number> {
  return {
    'messaging.system': 'majordomo',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation === 'request' ? 'send' : 'process',
    'messaging.destination.name': service,
    'messaging.message.body.size': bodyBytes,
  };
}

/** The context that a span with this parent belongs in: of a remote one, where there is one, else the fallback. */
export function contextIn(tracing: TracingApi, parent: SpanContext | undefined, fallback: object): object {
  return parent ? tracing.trace.setSpanContext(fallback as never, parent) : fallback;
}
