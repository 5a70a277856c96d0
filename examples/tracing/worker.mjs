import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from '@majordomo/worker';
import { otel } from './otel.mjs';

const [, , brokers = ''] = process.argv;
const tracer = otel.trace.getTracer('greeter');

/** What a handler does is part of the worker's span. */
const findName = () =>
  tracer.startActiveSpan('find the name', async (span) => {
    await delay(20);
    span.end();
    return 'Ada';
  });

const worker = new Worker('greet', async ({ body }) => `${body.text()}, ${await findName()}!`, {
  brokers,
  tracing: otel,
});
await worker.start();
process.once('SIGTERM', () => void worker.drain());
