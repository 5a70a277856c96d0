// Sets OpenTelemetry up in this process: each span is a line of JSON on standard output, once it has ended. In a real
// system an exporter to a collector stands here, and nothing else changes.
import * as otel from '@opentelemetry/api';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** @param {import('@opentelemetry/api').HrTime} time */
const milliseconds = ([seconds, nanos]) => seconds * 1_000 + nanos / 1e6;

/** @type {import('@opentelemetry/sdk-trace-base').SpanExporter} */
const lines = {
  export(spans, done) {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext();
      const line = {
        traceId,
        spanId,
        parent: span.parentSpanContext?.spanId,
        name: span.name,
        kind: otel.SpanKind[span.kind],
        startMs: milliseconds(span.startTime),
        ms: milliseconds(span.duration),
        attributes: span.attributes,
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(lines)] }).register();

export { otel };
