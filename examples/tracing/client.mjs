import { Client } from '@majordomo/client';
import { otel } from './otel.mjs';

const [, , brokers = ''] = process.argv;
const client = new Client({ brokers, tracing: otel });
client.once('brokerUp', () => console.log('connected'));
await otel.trace.getTracer('front door').startActiveSpan('a visitor', async (span) => {
  await client.request('greet', 'Hello');
  span.end();
});
client.close();
