import { leakCheck } from '@majordomo/testkit';
import { ServiceError } from '@majordomo/protocol';
import * as otel from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { eventually } from '@majordomo/testkit';
import { TitanicClient } from '../src/index';
import { sweep } from './support/scratch';
import { closeAll, newBroker, newClient, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAll);
afterEach(sweep);

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
beforeAll(() => provider.register());
afterAll(async () => {
  await provider.shutdown();
  otel.trace.disable();
  otel.context.disable();
  otel.propagation.disable();
});
afterEach(() => exporter.reset());

const PATIENCE = { timeoutMs: 15_000 };

/** The first span of that name, once it has ended. */
const spanOf = (name: string): Promise<ReadableSpan> =>
  eventually(() => exporter.getFinishedSpans().find((each) => each.name === name));

test('a durable request is one trace: its submitter, titanic, the worker', async () => {
  const brokers = await newBroker();
  await newWorker('echo', ({ body }) => body, { brokers, tracing: otel });
  await newTitanic(brokers, { tracing: otel });
  const api = new TitanicClient(newClient({ brokers, tracing: otel }));
  const { id } = await otel.trace.getTracer('test').startActiveSpan('outside', async (span) => {
    const submitted = await api.submit('echo', 'hello', { priority: 7 });
    span.end();
    return submitted;
  });
  await api.wait(id, PATIENCE);
  const [outside, submit, taken, deliver, process] = await Promise.all(
    ['outside', 'request titanic.submit', 'process titanic.submit', 'deliver echo', 'process echo'].map(
      spanOf,
    ),
  );
  const parents = [submit, taken, deliver, process].map((span) => span!.parentSpanContext?.spanId);
  const ids = [outside, submit, deliver].map((span) => span!.spanContext().spanId);
  expect(parents).toEqual([ids[0], ids[1], ids[1], ids[2]]);
  expect(new Set([outside, submit, deliver, process].map((span) => span!.spanContext().traceId)).size).toBe(
    1,
  );
  expect(deliver!.kind).toBe(otel.SpanKind.CLIENT);
  expect(deliver!.attributes).toMatchObject({
    'messaging.system': 'majordomo',
    'messaging.operation.name': 'deliver',
    'messaging.destination.name': 'echo',
    'messaging.message.id': id,
    'majordomo.attempt': 1,
    'majordomo.priority': 7,
    'majordomo.outcome': 'succeed',
  });
});

test('each attempt is a span, with its failure', async () => {
  const brokers = await newBroker();
  await newWorker('never', () => Promise.reject(new ServiceError('NO_SUCH', 'not this one')), { brokers });
  const { api } = await newTitanic(brokers, { tracing: otel });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { id } = await api.submit('never', 'x', { traceparent });
  await expect(api.wait(id, PATIENCE)).rejects.toMatchObject({ code: 'REQUEST_DEAD' });
  const span = await spanOf('deliver never');
  expect(span.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(span.status).toMatchObject({ code: otel.SpanStatusCode.ERROR, message: 'not this one' });
  expect(span.attributes).toMatchObject({ 'error.type': 'NO_SUCH', 'majordomo.outcome': 'die' });
});

test('what a schedule makes is a trace of its own, with a link to its submitter', async () => {
  const brokers = await newBroker();
  await newWorker('tick', ({ body }) => body, { brokers });
  const { api } = await newTitanic(brokers, { tracing: otel });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { id } = await api.submit('tick', 'x', { cron: { pattern: '* * * * * *' }, traceparent });
  const span = await spanOf('deliver tick');
  await api.cancel(id).catch(() => undefined);
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.links.map(({ context }) => context.spanId)).toEqual(['b7ad6b7169203331']);
  expect(span.attributes['majordomo.schedule']).toBe(id);
});

test('without the option nothing is traced, and the worker is told the trace of the submitter', async () => {
  const brokers = await newBroker();
  await newWorker('told', ({ traceparent }) => String(traceparent), { brokers });
  const { api } = await newTitanic(brokers);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { id } = await api.submit('told', 'x', { traceparent });
  expect((await api.wait(id, PATIENCE)).text()).toBe(traceparent);
  expect(exporter.getFinishedSpans()).toEqual([]);
});
