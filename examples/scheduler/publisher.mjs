// Serves "publish": adds each post to the page, a file of a line per post, with the moment when it came.
import { appendFile } from 'node:fs/promises';
import { Worker } from '@majordomo/worker';

const [broker, page] = process.argv.slice(2);
if (!broker || !page) throw new Error('usage: node publisher.mjs BROKER PAGE');

const worker = new Worker(
  'publish',
  async ({ body }) => {
    const at = Date.now();
    await appendFile(page, `${JSON.stringify({ text: body.text(), at })}\n`);
    return new Date(at).toISOString();
  },
  { brokers: broker },
);

await worker.start();
process.on('SIGTERM', () => worker.drain());
