import { Client, isMajordomoError } from '@majordomo/client';

const client = new Client({ brokers: String(process.env['BROKER']) });
const reply = await client.request('echo', 'hello', { timeoutMs: 30_000 });
if (reply.text() !== 'hello') throw new Error(`the echo of "hello" was "${reply.text()}"`);

let counted = '';
for await (const { kind, body } of client.stream('count', '3')) counted += `${kind} ${body.text()}, `;
if (counted !== 'partial 1, partial 2, partial 3, final counted, ') throw new Error(`counted ${counted}`);

try {
  await client.request('nowhere', 'hello', { failFast: true });
  throw new Error('somebody serves "nowhere"');
} catch (error) {
  if (!isMajordomoError(error, 'NO_WORKER')) throw error;
}
client.close();
