import { Broker } from '@majordomo/broker';
import { leakCheck } from '@majordomo/testkit';
import { ServiceError, Worker, type Handler, type WorkerOptions } from '@majordomo/worker';
import * as otel from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { Client } from '../../src/index';

leakCheck();

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

/** The span of that name. */
function spanOf(name: string): ReadableSpan {
  const span = exporter.getFinishedSpans().find((each) => each.name === name);
  if (!span) throw new Error(`There is no span ${name}.`);
  return span;
}

interface Bus extends AsyncDisposable {
  readonly client: Client;
  readonly endpoint: string;
}

async function bus(handler: Handler, options: WorkerOptions = {}): Promise<Bus> {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
  await broker.start();
  const [endpoint = ''] = broker.endpoints;
  const worker = new Worker('echo', handler, { brokers: endpoint, tracing: otel, ...options });
  const registered = new Promise((resolve) => worker.once('registered', resolve));
  await worker.start();
  await registered;
  const client = new Client({ brokers: endpoint, tracing: otel });
  return {
    client,
    endpoint,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await worker.close();
      await broker.close();
    },
  };
}

test('a request is one trace: the span of the caller, of the client, of the worker, of the handler', async () => {
  const tracer = otel.trace.getTracer('test');
  const { client, endpoint, ...made } = await bus(({ body }) => {
    tracer.startSpan('inside').end();
    return body;
  });
  await tracer.startActiveSpan('outside', async (span) => {
    await client.request('echo', 'hello');
    span.end();
  });
  const [outside, sent, processed, inside] = ['outside', 'request echo', 'process echo', 'inside'].map(
    spanOf,
  );
  expect(sent?.parentSpanContext?.spanId).toBe(outside?.spanContext().spanId);
  expect(processed?.parentSpanContext).toMatchObject({ spanId: sent?.spanContext().spanId, isRemote: true });
  expect(inside?.parentSpanContext?.spanId).toBe(processed?.spanContext().spanId);
  expect(new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).size).toBe(1);
  expect([sent?.kind, processed?.kind]).toEqual([otel.SpanKind.CLIENT, otel.SpanKind.CONSUMER]);
  expect(sent?.attributes).toEqual({
    'messaging.system': 'majordomo',
    'messaging.operation.name': 'request',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'echo',
    'messaging.message.body.size': 5,
  });
  const { port } = new URL(endpoint);
  expect(processed?.attributes).toEqual({
    'messaging.system': 'majordomo',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'echo',
    'messaging.message.body.size': 5,
    'server.address': '127.0.0.1',
    'server.port': Number(port),
    'majordomo.attempt': 1,
    'majordomo.priority': 4,
    'majordomo.queue_time_ms': expect.any(Number),
  });
  await made[Symbol.asyncDispose]();
});

test('what the broker says of the queue is on the span of the worker', async () => {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
  await broker.start();
  const brokers = [...broker.endpoints];
  const client = new Client({ brokers, tracing: otel });
  const reply = client.request('echo', 'hello');
  const waited = new Promise((resolve) => setTimeout(resolve, 60));
  await waited;
  const worker = new Worker('echo', ({ body }) => body, { brokers, tracing: otel });
  await worker.start();
  await reply;
  client.close();
  await worker.close();
  await broker.close();
  const queued = Number(spanOf('process echo').attributes['majordomo.queue_time_ms']);
  expect(queued).toBeGreaterThan(20);
  expect(queued).toBeLessThan(10_000);
});

test('a failure is on both spans, each in its own words', async () => {
  const { client, ...made } = await bus(() => {
    throw new ServiceError('OUT_OF_STOCK', 'none left');
  });
  await expect(client.request('echo', 'x')).rejects.toMatchObject({ workerCode: 'OUT_OF_STOCK' });
  const [sent, processed] = ['request echo', 'process echo'].map(spanOf);
  expect(sent?.status).toEqual({
    code: otel.SpanStatusCode.ERROR,
    message: expect.stringContaining('none left'),
  });
  expect(sent?.attributes['error.type']).toBe('WORKER_FAILED');
  expect(processed?.status).toEqual({ code: otel.SpanStatusCode.ERROR, message: 'none left' });
  expect(processed?.attributes['error.type']).toBe('OUT_OF_STOCK');
  expect(processed?.events.map(({ name }) => name)).toEqual(['exception']);
  await made[Symbol.asyncDispose]();
});

test('what has no text when it is thrown is a failure like any other', async () => {
  const { client, ...made } = await bus(() => {
    throw Object.create(null);
  });
  await expect(client.request('echo', 'x')).rejects.toMatchObject({ workerCode: 'INTERNAL_ERROR' });
  expect(spanOf('process echo').status.message).toBe('something that has no text was thrown');
  await made[Symbol.asyncDispose]();
});

test('a generator runs in its span to its end', async () => {
  const tracer = otel.trace.getTracer('test');
  const { client, ...made } = await bus(async function* () {
    yield 'one';
    tracer.startSpan('between').end();
    yield 'two';
  });
  const parts: string[] = [];
  for await (const { body } of client.stream('echo', 'x')) parts.push(body.text());
  expect(parts).toEqual(['one', 'two', '']);
  const [sent, processed, between] = ['request echo', 'process echo', 'between'].map(spanOf);
  expect(between?.parentSpanContext?.spanId).toBe(processed?.spanContext().spanId);
  expect(sent?.attributes['majordomo.partials']).toBe(2);
  expect(sent?.events.map(({ name }) => name)).toEqual(['first partial']);
  await made[Symbol.asyncDispose]();
});

test('a traceparent that the caller hands in is the parent', async () => {
  const { client, ...made } = await bus(({ body }) => body);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await client.request('echo', 'x', {
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    contentType: 'text/plain',
  });
  expect(spanOf('request echo').parentSpanContext).toMatchObject({ traceId, spanId: 'b7ad6b7169203331' });
  expect(spanOf('process echo').spanContext().traceId).toBe(traceId);
  await made[Symbol.asyncDispose]();
});

test('a call that is not taken, and one that is given up, end their spans', async () => {
  const client = new Client({ brokers: 'tcp://127.0.0.1:1', pendingMax: 1, tracing: otel });
  const giving = new AbortController();
  const first = client.request('echo', 'x', { signal: giving.signal });
  await expect(client.request('other', 'x')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  giving.abort();
  await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
  client.close();
  expect(spanOf('request other')).toMatchObject({
    attributes: { 'error.type': 'QUEUE_FULL' },
    status: { code: 2 },
  });
  expect(spanOf('request echo')).toMatchObject({
    attributes: { 'error.type': 'ABORTED' },
    status: { code: 0 },
  });
});

test('without tracing there are no spans, and the traceparent of the caller still arrives', async () => {
  const seen: (string | undefined)[] = [];
  const { endpoint, ...made } = await bus(
    ({ body, traceparent }) => {
      seen.push(traceparent);
      return body;
    },
    { tracing: undefined },
  );
  const plain = new Client({ brokers: endpoint });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await plain.request('echo', 'x', { traceparent });
  await plain.request('echo', 'x');
  plain.close();
  await made[Symbol.asyncDispose]();
  expect(seen).toEqual([traceparent, undefined]);
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test('where no SDK is set up nothing is sent, and everything works', async () => {
  otel.trace.disable();
  const seen: (string | undefined)[] = [];
  const { client, ...made } = await bus(({ body, traceparent }) => {
    seen.push(traceparent);
    return body;
  });
  expect((await client.request('echo', 'x')).text()).toBe('x');
  await made[Symbol.asyncDispose]();
  expect(seen).toEqual([undefined]);
  provider.register();
});

test('what is not the module is refused', () => {
  expect(() => new Client({ tracing: true as never })).toThrow(
    'tracing: should be the module @opentelemetry/api',
  );
  expect(() => new Worker('echo', () => '', { tracing: {} as never })).toThrow(
    'tracing: should be the module @opentelemetry/api',
  );
});
